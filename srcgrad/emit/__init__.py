"""From typed IR to readable Python source; see `emit.module`."""

from srcgrad.emit.module import KERNELS as KERNELS
from srcgrad.emit.module import PARALLEL as PARALLEL
from srcgrad.emit.module import Nested as Nested
from srcgrad.emit.module import emit as emit
from srcgrad.emit.module import entry_name as entry_name
