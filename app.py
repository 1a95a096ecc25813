"""The web demo: `python app.py`, then open the address it prints."""

import mt
from mt.web.demo import launch

if __name__ == "__main__":
    try:
        launch(mt.load())
    except mt.MTError as error:
        raise SystemExit(f"error: {error}") from None
