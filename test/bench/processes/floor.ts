/** The least that a recorder has to do: read the frames with `ws`, parse their JSON, compress their bytes. */
import { constants, zstdCompress } from "node:zlib"
import { WebSocket } from "ws"
import * as Feed from "../../../src/domain/Feed.ts"
import type { Venue } from "../../../src/domain/Venue.ts"
import { registry } from "../../../src/exchanges/registry.ts"
import { defaults } from "../../../src/sinks/sinkSettings.ts"
import { answering } from "../answering.ts"

/** What the floor connects to. */
export interface FloorOptions {
  readonly url: string
  readonly feeds: ReadonlyArray<readonly [Venue, string, Feed.DataType]>
}

const options = JSON.parse(process.argv[2] ?? "") as FloorOptions
let frames = 0

const connect = ([venue, symbol, dataType]: FloorOptions["feeds"][number]) => {
  const exchange = registry[venue](`${options.url}/${venue}`)
  const feed = Feed.make(venue, symbol, dataType)
  const ws = new WebSocket(exchange.url([feed]), {
    perMessageDeflate: false,
    maxPayload: exchange.limits.maxFrameBytes,
    skipUTF8Validation: true
  })
  let block: Array<Buffer> = []
  ws.on("message", (data: Buffer) => {
    frames++
    JSON.parse(data.toString())
    if (block.push(data) < defaults.rowGroupRows) return
    const bytes = Buffer.concat(block)
    block = []
    const params = { [constants.ZSTD_c_compressionLevel]: defaults.zstdLevel }
    const chunkSize = bytes.length >>> 1
    zstdCompress(bytes, { params, pledgedSrcSize: bytes.length, chunkSize }, (error) => {
      if (error !== null) throw error
    })
  })
  ws.once("open", () => {
    for (const frame of exchange.subscribe([feed])) ws.send(frame(null))
  })
}

answering({ frames: () => frames })
options.feeds.map(connect)
process.send?.({ id: 0, value: null })
process.once("SIGTERM", () => process.exit(0))
