"""Looking at the published warehouse; nothing here changes it."""
