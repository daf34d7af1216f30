"""One way of laying a kind out in documents a module: `view`, `edit` and `locate`, pure, over parsed trees."""
