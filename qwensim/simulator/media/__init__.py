"""Pictures, videos and sounds in requests: what is known of them, and the tokens that they count.

Nothing is ever fetched. The size of what is sent along is read from its bytes; what is only named
by an address has a stated default, unless it was uploaded here or is a picture of the catalogue.
"""
