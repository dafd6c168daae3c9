"""Settings, from the environment alone. docs/operations.md lists every variable."""

from emotionsite.settings.accounts import *
from emotionsite.settings.api import *
from emotionsite.settings.application import *
from emotionsite.settings.base import *
from emotionsite.settings.security import *
from emotionsite.settings.storage import *
from emotionsite.settings.work import *
