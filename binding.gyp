{
  "targets": [
    {
      "target_name": "portchurn",
      "type": "none",
      "actions": [
        {
          "action_name": "cmake-js",
          "inputs": [],
          "outputs": ["<(INTERMEDIATE_DIR)/never-made-so-that-cmake-decides"],
          "action": ["npx", "--no-install", "cmake-js", "build", "--out", "out"]
        }
      ]
    }
  ]
}
