"""Analyse pictures on the server with the networks that browsers use."""

from ml import centerface_graph, face_detection, inference, manifest


def with_the_browsers_networks() -> inference.Analyser:
    """Return an analyser whose detector is the browsers' one: workers look in eight bits."""
    weights = manifest.find(manifest.DEFAULT_VERSION)
    detector = face_detection.CenterFace(graph=centerface_graph.FLOAT32)
    return inference.Analyser(
        weights, detector, inference.classifier_of(weights), inference.load().check
    )
