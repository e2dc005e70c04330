import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet"
import { compressors } from "hyparquet-compressors"
import { mkdtempSync, rmSync } from "node:fs"
import { readdir, writeFile } from "node:fs/promises"
import { type AddressInfo, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import packageJson from "../../package.json" with { type: "json" }
import { type Venue, venues } from "../../src/domain/Venue.ts"
import { type Child, start } from "./child.ts"
import type { Load, Sender } from "./load.ts"
import { type Scrape, scrape } from "./metrics.ts"

/** What a recorder did with what it was sent; `void` says why no figure of it counts. */
export interface Outcome {
  readonly rows: number
  readonly sealedBytes: number
  readonly void: string | null
}

/** A recorder that runs as users run it, and what it records into. */
export interface Recorder {
  readonly child: Child
  readonly scrape: () => Promise<Scrape>
  /** Waits until it has received all that was sent; false where it did not within the time. */
  readonly caughtUp: (sender: Sender, withinSeconds: number) => Promise<boolean>
  /** Stops it, and compares its files with what was sent. The sender must be silent. */
  readonly finish: (sender: Sender) => Promise<Outcome>
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

const marketOf = (venue: Venue, load: Load, url: string): string => {
  const own = load.feeds.filter(([of]) => of === venue)
  if (own.length === 0) return ""
  const symbols = [...new Set(own.map(([, symbol]) => symbol))]
  const types = [...new Set(own.map(([, , dataType]) => dataType === "trade" ? "trades" : "orderbook"))]
  return [
    "[[markets]]",
    `exchange = "${venue}"`,
    `symbols = ${JSON.stringify(symbols)}`,
    `feeds = ${JSON.stringify(types)}`,
    `base_url = "${url}/${venue}"`,
    "repair = false",
    ""
  ].join("\n")
}

/** Writes the configuration of a recorder of `load` into a folder; everything that is not said is as by default. */
export const writeConfig = async (folder: string, load: Load, url: string): Promise<{ path: string; port: number }> => {
  const port = await freePort()
  const path = join(folder, "config.toml")
  await writeFile(
    path,
    `[storage]
data_dir = "${folder}/recording"
local_path = "${folder}/archive"
[http]
port = ${port}
[logging]
dir = "${folder}/logs"
${venues.map((venue) => marketOf(venue, load, url)).join("")}`
  )
  return { path, port }
}

export const main = new URL("../../src/main.ts", import.meta.url)

const folders = new Set<string>()

/** Makes a folder that is gone when the bench ends, however it does. */
export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "ticklake-bench-"))
  folders.add(folder)
  return folder
}
process.on("exit", () => folders.forEach(removeFolder))

export const removeFolder = (folder: string): void => {
  rmSync(folder, { recursive: true, force: true })
  folders.delete(folder)
}

/** What the sealed files below a folder hold; what is said of gaps apart. */
const sealed = async (folder: string): Promise<{ rows: number; bytes: number; gaps: number }> => {
  const counts = { rows: 0, bytes: 0, gaps: 0 }
  for (const name of await readdir(folder, { recursive: true }).catch(() => [])) {
    if (!name.endsWith(".parquet") || name.startsWith(".open")) continue
    const file = await asyncBufferFromFile(join(folder, name))
    if (name.includes("/gap/")) {
      const rows = await parquetReadObjects({ file, columns: ["cause"], compressors })
      // Where it stopped each feed has an end, from which on nobody knows.
      counts.gaps += rows.filter(({ cause }) => cause !== "recorder_stopped").length
    } else {
      counts.rows += Number((await parquetMetadataAsync(file)).num_rows)
      counts.bytes += file.byteLength
    }
  }
  return counts
}

/** What a sound run has none of. */
const flaws = {
  "events were dropped": "collector_messages_dropped_total",
  "connections were lost": "collector_websocket_reconnects_total",
  "frames did not parse": "collector_parse_errors_total",
  "gaps were found": "collector_sequence_gaps_total",
  "rows were lost": "collector_parquet_rows_lost_total",
  "rows were not in the journal": "collector_journal_rows_skipped_total"
}

/** What `npm start` has Node.js and the C library do. */
const startWords = packageJson.scripts.start.split(" ")
const startFlags = startWords.filter((word) => word.startsWith("--"))
const startEnv = Object.fromEntries(startWords.filter((word) => /^\w+=/.test(word)).map((word) => word.split("=")))

/** Starts `ticklake run` on a load. */
export const startRecorder = async (sender: Sender): Promise<Recorder> => {
  const folder = temporaryFolder()
  const { path, port } = await writeConfig(folder, sender.load, sender.url)
  const child = start(main, ["run", "--config", path], startFlags, startEnv)
  const look = () => scrape(port)
  const caughtUp = async (sender: Sender, withinSeconds: number) => {
    const until = performance.now() + withinSeconds * 1000
    while (true) {
      const [{ events }, metrics] = [await sender.sent(), await look()]
      if (metrics.sum("collector_messages_received_total") >= events) return true
      if (performance.now() > until) return false
      await sleep(100)
    }
  }
  return {
    child,
    scrape: look,
    caughtUp,
    finish: async (sender) => {
      const complete = await caughtUp(sender, 30)
      const metrics = await look()
      const { events } = await sender.sent()
      await child.stop()
      const inArchive = await sealed(join(folder, "archive"))
      const inRecording = await sealed(join(folder, "recording"))
      removeFolder(folder)
      const rows = inArchive.rows + inRecording.rows
      const gaps = inArchive.gaps + inRecording.gaps
      const wrong = [
        ...Object.entries(flaws).flatMap(([what, metric]) => {
          const count = metrics.sum(metric)
          return count === 0 ? [] : [`${count} ${what}`]
        }),
        ...(complete ? [] : ["it did not catch up"]),
        ...(rows === events ? [] : [`${events} events were sent, ${rows} rows are in the files`]),
        ...(gaps === 0 ? [] : [`${gaps} rows tell of gaps`])
      ]
      return {
        rows,
        sealedBytes: inArchive.bytes + inRecording.bytes,
        void: wrong.length === 0 ? null : wrong.join(", ")
      }
    }
  }
}
