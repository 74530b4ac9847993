"""What goes wrong in the example, on purpose, and the notes of what was done.

`injected` holds one method for each place where the services let something go wrong, `schedule` says when, `journal`
notes what happened, `lossy_network` is the network that loses an acknowledgement.
"""

from food_delivery.faults.injected import Faults

__all__ = ["Faults"]
