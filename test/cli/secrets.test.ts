import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { generateKeyPairSync } from "node:crypto"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import * as Simulator from "../../src/simulator/Simulator.ts"
import { serve } from "../feeds/numberVenue.ts"
import { until } from "../until.ts"
import { logged, start } from "./process.ts"

const accessKey = "AKIDHUNTERHUNTER"
const secretKey = "hunter2-secret-access-key"
const keyName = "organizations/hunter3/apiKeys/hunter4"

/** A store that refuses every request as S3 does, with all that it knows of it. */
const refusingStore = Effect.acquireRelease(
  Effect.callback<{ readonly url: string; readonly asked: () => number; readonly close: () => void }>((resume) => {
    let asked = 0
    const server = createServer((request, response) => {
      asked++
      response.writeHead(403, { "content-type": "application/xml" })
      response.end(
        "<?xml version=\"1.0\"?><Error><Code>SignatureDoesNotMatch</Code><Message>The signature does not match.</Message>" +
          `<AWSAccessKeyId>${accessKey}</AWSAccessKeyId><StringToSign>${
            request.headers.authorization ?? ""
          }</StringToSign></Error>`
      )
    })
    server.listen(0, "127.0.0.1", () => {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      resume(Effect.succeed({ url, asked: () => asked, close: () => server.close() }))
    })
  }),
  ({ close }) => Effect.sync(close)
)

const config = (store: string, coinbase: string, okx: string) =>
  `storage = { mode = "both", data_dir = "FOLDER/recording", local_path = "FOLDER/archive", max_file_age_secs = 0.2 }
aws = { endpoint = "${store}", force_path_style = true }
upload = { max_attempts = 2, initial_retry_delay_secs = 0.01 }
websocket = { initial_retry_delay_secs = 0.02, max_retry_delay_secs = 0.1 }
[[markets]]
exchange = "coinbase"
symbols = ["BTC-USD", "ETH-USD"]
base_url = "${coinbase}"
[[markets]]
exchange = "okx"
symbols = ["BTC-USDT"]
base_url = "${okx}"
[[markets]]
exchange = "bybit"
symbols = ["BTCUSDT"]
base_url = "ws://127.0.0.1:1"
`

describe("secrets", () => {
  it.live("reach no output and no log file, whatever fails", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({ rate: 100 })
      const store = yield* refusingStore
      const tokens = new Set<string>()
      // A venue that is rude: it sends back what it was sent, as a frame, as a refusal, and as the reason for its leaving.
      const coinbase = yield* serve((peer) =>
        peer.on("message", (data: Buffer) => {
          const { jwt } = JSON.parse(data.toString())
          tokens.add(jwt)
          peer.send(data)
          peer.send(JSON.stringify({ type: "error", message: `authentication failure: ${jwt}` }))
          peer.close(1008, jwt.slice(0, 120))
        })
      )
      const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
      const pem = privateKey.export({ type: "sec1", format: "pem" }).toString()
      const { child, folder, state } = yield* start(config(store.url, coinbase, simulator.baseUrl("okx")), undefined, {
        LOG_LEVEL: "all",
        AWS_ACCESS_KEY: accessKey,
        AWS_SECRET_KEY: secretKey,
        COINBASE_API_KEY: keyName,
        COINBASE_API_SECRET: pem.replaceAll("\n", "\\n")
      })
      yield* until(() =>
        tokens.size > 8 && store.asked() > 5 && /SignatureDoesNotMatch/.test(state.said) &&
        /ECONNREFUSED/.test(state.said)
      )
      child.kill("SIGTERM")
      yield* until(() => state.ended)
      const lines = yield* logged(folder)
      assert.isTrue(lines.some(({ exchange, message }) => exchange === "coinbase" && /<token>/.test(String(message))))
      assert.isTrue(lines.some(({ message }) => /SignatureDoesNotMatch/.test(String(message))))
      const keyLines = pem.split("\n").filter((line) => line !== "" && !line.startsWith("-----"))
      const parts = [...tokens].flatMap((token) => token.split("."))
      for (const text of [state.said, JSON.stringify(lines)]) {
        for (const secret of [accessKey, secretKey, "hunter", ...keyLines, ...parts]) assert.notInclude(text, secret)
        assert.notMatch(text, /eyJ[\w-]{8}/)
      }
    }).pipe(Effect.provide(NodeServices.layer)))
})
