{
  "targets": [
    {
      "target_name": "portchurn",
      "type": "none",
      "actions": [
        {
          "action_name": "cmake-js",
          "inputs": [],
          "outputs": ["out/Release/portchurn.node"],
          "action": ["npx", "--no-install", "cmake-js", "build", "--out", "out"]
        }
      ]
    }
  ]
}
