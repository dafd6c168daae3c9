"""How the network is built from data. Needs TensorFlow; serving never imports it."""
