# Asks by curl, and prints the answers one after the other, each with its status.
ask() {
    curl --silent --show-error --no-buffer --write-out '\n%{http_code}\n' \
        --header "Authorization: Bearer $1" --header 'Content-Type: application/json' \
        --data "$2" "$BASE_URL/chat/completions"
}
messages='"messages": [{"role": "user", "content": "Hello"}]'
ask "$OPENAI_API_KEY" "{\"model\": \"qwen-plus\", $messages}"
ask "$OPENAI_API_KEY" "{\"model\": \"qwen-plus\", $messages, \"stream\": true, \"stream_options\": {\"include_usage\": true}}"
ask "$OPENAI_API_KEY" "{\"model\": \"qwen-nope\", $messages}"
ask sk-sp-0123456789 "{\"model\": \"qwen-plus\", $messages}"
