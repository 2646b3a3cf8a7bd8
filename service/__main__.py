"""`python -m service`: serve with the settings of the environment."""

from service.server import run
from service.settings import Settings

if __name__ == "__main__":
    run(Settings())
