"""DingTalk's own client: tells what it heard, a JSON line each. Arguments: address, client id, client secret."""

import json
import sys

import dingtalk_stream
from dingtalk_stream import AckMessage, CallbackHandler, ChatbotHandler, ChatbotMessage, DingTalkStreamClient, EventHandler


def tell(**what):
    print(json.dumps(what), flush=True)


class Robot(ChatbotHandler):
    async def process(self, callback):
        tell(heard=ChatbotMessage.from_dict(callback.data).text.content.strip())
        return AckMessage.STATUS_OK, "OK"


class Card(CallbackHandler):
    async def process(self, callback):
        tell(pressed=callback.data["outTrackId"])
        return AckMessage.STATUS_OK, {"cardData": {"cardParamMap": {"title": "T1"}}}


class Events(EventHandler):
    async def process(self, event):
        tell(event=event.headers.event_type)
        return AckMessage.STATUS_OK, "OK"


address, client_id, client_secret = sys.argv[1:]
DingTalkStreamClient.OPEN_CONNECTION_API = f"{address}/v1.0/gateway/connections/open"
client = DingTalkStreamClient(dingtalk_stream.Credential(client_id, client_secret))
client.register_callback_handler(ChatbotMessage.TOPIC, Robot())
client.register_callback_handler("/v1.0/card/instances/callback", Card())
client.register_all_event_handler(Events())
client.start_forever()
