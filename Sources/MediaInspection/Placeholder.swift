// MediaInspection
