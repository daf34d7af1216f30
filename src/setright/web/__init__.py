"""What people reach by browser and chat: pages to approve on, Slack's buttons, health and figures."""
