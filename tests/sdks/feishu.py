"""Feishu's own client: tells what it heard, a JSON line each. Arguments: address, app id, app secret."""

import json
import sys

import lark_oapi
from lark_oapi.event.callback.model.p2_card_action_trigger import P2CardActionTriggerResponse


def tell(**what):
    print(json.dumps(what), flush=True)


def heard(event):
    tell(heard=json.loads(event.event.message.content)["text"])


def pressed(event):
    tell(pressed=event.event.action.value["line"])
    return P2CardActionTriggerResponse({"toast": {"type": "success", "content": "好的"}})


address, app_id, app_secret = sys.argv[1:]
handler = lark_oapi.EventDispatcherHandler.builder("", "")
handler = handler.register_p2_im_message_receive_v1(heard).register_p2_card_action_trigger(pressed).build()
lark_oapi.ws.Client(app_id, app_secret, event_handler=handler, domain=address).start()
