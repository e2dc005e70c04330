import { Clock, Console, Context, Effect, Exit, FileSystem, Layer, Path, Schedule, Schema, Scope } from "effect"
import * as App from "../../App.ts"
import { noOverrides } from "../../config/Overrides.ts"
import { resolveConfig } from "../../config/resolveConfig.ts"
import { type Venue, venues } from "../../domain/Venue.ts"
import { errorText } from "../../runtime/errorText.ts"
import { audit, type FeedAudit } from "../../simulator/audit.ts"
import * as Simulator from "../../simulator/Simulator.ts"
import * as SimulatorOptions from "../../simulator/SimulatorOptions.ts"
import { Endpoint } from "../../telemetry/HttpServer.ts"
import * as Logging from "../../telemetry/Logging.ts"
import { type FeedStats, Telemetry } from "../../telemetry/Telemetry.ts"
import { alignedTable } from "../alignedTable.ts"
import * as Duckdb from "../Duckdb.ts"
import { bytesText } from "../../runtime/bytesText.ts"
import { feedTable, type Sample } from "../feedTable.ts"
import { readRows } from "../readRows.ts"
import { LiveTable } from "./LiveTable.ts"

/** The files do not hold exactly what the simulator sent. */
export class DemoFailed extends Schema.TaggedError<DemoFailed>()("DemoFailed", {
  missing: Schema.Int,
  surplus: Schema.Int
}) {
  override get message() {
    return `the demo failed: of the events sent ${this.missing} are missing in the files, and ${this.surplus} rows are too many`
  }
}

/** The demo has no place for its files. */
export class DemoFolderError
  extends Schema.TaggedError<DemoFolderError>()("DemoFolderError", { cause: Schema.Defect() })
{
  override get message() {
    return `no folder for the demo's files: ${errorText(this.cause)}; name another one with --folder`
  }
}

const demoConfig = (folder: string, baseUrl: (venue: Venue) => string) =>
  resolveConfig(
    "the demo",
    {
      http: { port: 0 },
      storage: { data_dir: `${folder}/recording`, local_path: `${folder}/archive`, max_file_age_secs: 5 },
      markets: venues.map((exchange) => ({
        exchange,
        symbols: SimulatorOptions.defaults.symbols[exchange],
        base_url: baseUrl(exchange)
      }))
    },
    noOverrides,
    { aws: null, coinbase: null }
  )

/** Draws the feeds again and again. */
const watchFeeds = Effect.fnUntraced(function*(seconds: number, table: LiveTable) {
  const telemetry = yield* Telemetry
  let before = new Map<string, Sample>()
  const draw = Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    const feeds = telemetry.all()
    table.draw(feedTable(feeds, before, now))
    before = new Map(feeds.map((stats) => [stats.feed.id, { events: stats.events, atMillis: now }]))
  })
  const everyMillis = table.inPlace ? 500 : 5000
  for (let leftMillis = seconds * 1000; leftMillis > 0; leftMillis -= everyMillis) {
    yield* Effect.sleep(Math.min(everyMillis, leftMillis))
    yield* draw
  }
  table.leave()
})

/** Waits until the recorder has received all that was sent; whatever is still missing then is found by the audit. */
const received = Effect.fnUntraced(function*(simulator: Simulator.Simulator["Service"]) {
  const telemetry = yield* Telemetry
  yield* simulator.flushed
  const complete = Effect.sync(() =>
    telemetry.all().reduce((sum, stats) => sum + stats.events, 0) >= simulator.ledger.count
  )
  yield* complete.pipe(
    Effect.repeat({ schedule: Schedule.spaced("20 millis"), until: (done) => done }),
    Effect.timeoutOption("10 seconds")
  )
})

const auditTable = (audits: ReadonlyArray<FeedAudit>, feeds: ReadonlyArray<FeedStats>): string =>
  alignedTable([
    ["feed", "files", "size", "sent", "in files", "missing", "too many"],
    ...audits.toSorted((a, b) => a.feedId.localeCompare(b.feedId)).map((each) => {
      const stats = feeds.find(({ feed }) => feed.id === each.feedId)
      return [
        each.feedId,
        String(stats?.filesSealed ?? 0).padStart(5),
        bytesText(stats?.sealedBytes ?? 0).padStart(9),
        String(each.sent).padStart(5),
        String(each.recorded).padStart(8),
        String(each.missing.length + each.lostWithConnection.length).padStart(7),
        String(each.surplus.length).padStart(8)
      ]
    })
  ])

const resultTable = (rows: ReadonlyArray<Readonly<Record<string, unknown>>>): string =>
  alignedTable([Object.keys(rows[0] ?? {}), ...rows.map((row) => Object.values(row).map(String))])

const exampleQuery = (archive: string): string =>
  `SELECT exchange, symbol, count(*) AS trades, round(sum(price * size), 2) AS turnover,
       round(100 * sum(size) FILTER (side = 'buy') / sum(size), 1) AS percent_bought,
       round(median(epoch_us(timestamp_collector) - epoch_us(timestamp_exchange)) / 1000, 1) AS median_delay_ms
FROM read_parquet(${Duckdb.literal(`${archive}/*/*/trade/**/*.parquet`)})
GROUP BY ALL ORDER BY ALL`

const record = Effect.fnUntraced(function*(folder: string, seconds: number, table: LiveTable) {
  const simulator = yield* Simulator.make()
  const config = demoConfig(folder, simulator.baseUrl)
  yield* Console.log(
    `Five simulated venues on port ${simulator.port}, ${config.feeds.length} feeds, ${seconds} s; recording into ${folder}`
  )
  const scope = yield* Scope.make()
  yield* Effect.addFinalizer((exit) => Scope.close(scope, exit))
  const context = yield* Layer.buildWithScope(App.layer(config), scope)
  const telemetry = Context.get(context, Telemetry)
  yield* Console.log(`Watch it live: ${Context.get(context, Endpoint).url}/`)
  yield* watchFeeds(seconds, table).pipe(Effect.provideService(Telemetry, telemetry))
  yield* simulator.stopTraffic
  yield* received(simulator).pipe(Effect.provideService(Telemetry, telemetry))
  yield* Console.log("\nStopping in order: feeds, sinks, uploads")
  yield* Scope.close(scope, Exit.void)
  return { archive: config.storage.localPath, feeds: telemetry.all(), ledger: simulator.ledger }
}, Effect.scoped)

/** A new folder in `parent`, named by the time; two demos never share one. */
const makeFolder = Effect.fnUntraced(function*(parent: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  yield* fs.makeDirectory(parent, { recursive: true })
  const prefix = new Date(yield* Clock.currentTimeMillis).toISOString().replaceAll(":", "-").slice(0, 19)
  return yield* fs.makeTempDirectory({ directory: path.resolve(parent), prefix: `${prefix}-` })
}, Effect.mapError((error) => new DemoFolderError({ cause: error })))

type Recorded = Effect.Success<ReturnType<typeof record>>

const present = Effect.fnUntraced(function*({ archive, feeds, ledger }: Recorded) {
  const rows = yield* readRows(archive)
  const audits = audit(ledger.entries(), ledger.connections(), rows)
  const firstFile = yield* Duckdb.query(
    `SELECT min(file) AS file FROM glob(${Duckdb.literal(`${archive}/**/*.parquet`)})`
  )
  yield* Console.log(
    `\nParquet files in ${archive}, such as\n  ${String(firstFile[0]?.["file"])}\n\n` +
      `Every row read back and compared with what the simulator sent, byte for byte:\n\n${auditTable(audits, feeds)}`
  )
  const missing = audits.reduce((sum, each) => sum + each.missing.length + each.lostWithConnection.length, 0)
  const surplus = audits.reduce((sum, each) => sum + each.surplus.length, 0)
  if (missing > 0 || surplus > 0 || rows.length === 0) return yield* new DemoFailed({ missing, surplus })
  yield* Console.log(`\n${ledger.count} events sent, ${rows.length} rows in the files: each event exactly once.`)
  const sql = exampleQuery(archive)
  yield* Console.log(`\nA query to try next in DuckDB:\n\n${sql};\n\n${resultTable(yield* Duckdb.query(sql))}`)
})

/** Simulator and recorder together, offline, and a proof of what was recorded. */
export const handle = Effect.fnUntraced(
  function*({ folder, seconds }: { readonly folder: string; readonly seconds: number }) {
    const table = new LiveTable(process.stdout, yield* Console.Console)
    const own = yield* makeFolder(folder)
    const recorded = yield* record(own, seconds, table).pipe(
      Effect.onInterrupt(() => Console.log(`\nInterrupted: what was recorded until now is in ${own}`)),
      Effect.provide(Logging.layerConsole("Info")),
      Effect.provideService(Console.Console, table.console)
    )
    yield* present(recorded)
  }
)
