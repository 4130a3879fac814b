// Feishu's own client: tells what it heard, a JSON line each. Arguments: address, app id, app secret.

import { createRequire } from 'node:module';

// Where it was installed, which is not beside this file.
const sdk = createRequire(`${process.env.SDKS}/node/`)('@larksuiteoapi/node-sdk');
const tell = (what) => console.log(JSON.stringify(what));
const [domain, appId, appSecret] = process.argv.slice(2);

const eventDispatcher = new sdk.EventDispatcher({}).register({
  'im.message.receive_v1': async ({ message }) => tell({ heard: JSON.parse(message.content).text }),
  'card.action.trigger': async ({ action }) => {
    tell({ pressed: action.value.line });
    return { toast: { type: 'success', content: '好的' } };
  },
});
new sdk.WSClient({ appId, appSecret, domain, loggerLevel: sdk.LoggerLevel.error }).start({ eventDispatcher });
