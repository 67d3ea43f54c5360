"""Images and videos: what is ordered, judged, and made at once or as a task."""
