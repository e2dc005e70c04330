import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Console, Effect, FileSystem, Layer, Redacted, Runtime } from "effect"
import { Command } from "effect/cli"
import { execFile, execFileSync } from "node:child_process"
import { dirname } from "node:path"
import { inspect as command } from "../../src/cli/inspect.ts"
import { document } from "../../src/cli/inspect/document.ts"
import { s3Source } from "../../src/cli/inspect/s3Source.ts"
import { summaryOf } from "../../src/cli/inspect/summary.ts"
import { noOverrides } from "../../src/config/Overrides.ts"
import { resolveConfig } from "../../src/config/resolveConfig.ts"
import * as Feed from "../../src/domain/Feed.ts"
import { Sinks } from "../../src/sinks/Sink.ts"
import * as ParquetSinks from "../../src/sinks/Sinks.ts"
import { Journal } from "../../src/sinks/Journal.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"
import { book, tenOClock, trade, trades } from "../sinks/events.ts"
import { duckdb, hyparquetMetadata } from "../sinks/readers.ts"
import * as s3StandIn from "../upload/s3StandIn.ts"
import { webServer } from "../upload/webServer.ts"

const main = new URL("../../src/main.ts", import.meta.url).pathname
const tradeFeed = Feed.make("binance", "BTC-USDT", "trade")
const bookFeed = Feed.make("okx", "BTC-USDT", "orderbook")
const dayMicros = 86_400_000_000

/** A folder as the sinks leave it: two days of trades, the second in several row groups, and books of one recorder of two. */
const recorded = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const dataDir = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-" })
  const write = (homeServerName: string | null) =>
    Effect.scoped(Effect.gen(function*() {
      const sinks = yield* Sinks
      const sink = yield* sinks.open(tradeFeed)
      yield* sink.append(trades(35))
      yield* sink.append(
        Array.from(
          { length: 57 },
          (_, index) => trade(35 + index, { timestampCollector: tenOClock + (35 + index) * 10_000 + dayMicros + 123 })
        )
      )
      const books = yield* sinks.open(bookFeed)
      yield* books.append(Array.from({ length: 25 }, (_, index) => book(index)))
    })).pipe(Effect.provide(
      ParquetSinks.layer({ dataDir, homeServerName, rowGroupRows: 10, writeBeside: false }).pipe(
        Layer.provide(Journal.layerNone),
        Layer.provide(Telemetry.layer)
      ),
      { local: true }
    ))
  yield* write(null)
  yield* write("tokyo-1")
  return dataDir
})

interface Ran {
  readonly status: number
  readonly out: string
  readonly err: string
}

/** Runs the command in this process. */
const inspect = Effect.fnUntraced(function*(args: ReadonlyArray<string>) {
  const lines: Array<string> = []
  const log = (...said: ReadonlyArray<unknown>) => void lines.push(said.join(" "))
  const error = yield* Command.runWith(command, { version: "0" })(args).pipe(
    Effect.as(null),
    Effect.catch((error) => Effect.succeed(error)),
    Effect.provideService(Console.Console, { ...console, log })
  )
  const ran: Ran = {
    status: error === null ? 0 : Runtime.getErrorExitCode(error),
    out: lines.join("\n"),
    err: error === null ? "" : `${error.message}\n`
  }
  return ran
})

/** Runs the command in a process of its own while this one goes on serving. */
const inspectApart = (args: ReadonlyArray<string>, cwd: string, env: NodeJS.ProcessEnv) =>
  Effect.callback<Ran>((resume) => {
    execFile(process.execPath, [main, "inspect", ...args], { cwd, env }, (error, out, err) => {
      const code = error === null ? 0 : error.code
      resume(Effect.succeed({ status: typeof code === "number" ? code : -1, out, err }))
    })
  })

const environment = {
  PATH: process.env["PATH"],
  AWS_ACCESS_KEY: "AKIDTICKLAKE",
  AWS_SECRET_KEY: "very-secret-indeed"
}

/** What `inspect --json --files` tells of a place in a store. */
const inspectStore = (place: string, endpoint: string) =>
  Effect.scoped(Effect.gen(function*() {
    const config = resolveConfig(
      "test",
      { aws: { endpoint, force_path_style: true }, markets: [] },
      noOverrides,
      {
        aws: {
          accessKeyId: Redacted.make(environment.AWS_ACCESS_KEY),
          secretAccessKey: Redacted.make(environment.AWS_SECRET_KEY)
        },
        coinbase: null
      }
    )
    return document(place, yield* summaryOf(yield* s3Source(place, config), true), true)
  }))

const exact = (micros: unknown): string => {
  const whole = BigInt(String(micros))
  return new Date(Number(whole / 1000n)).toISOString().replace("Z", `${String(whole % 1000n).padStart(3, "0")}Z`)
}

/** What DuckDB says of the files of each feed of each recorder. */
const byDuckdb = (dataDir: string) =>
  duckdb(`
    SELECT exchange || '/' || symbol || '/' || split_part(filename[${dataDir.length + 2}:], '/', 3) AS feed,
      CASE WHEN filename LIKE '%/tokyo-1/%' THEN 'tokyo-1' END AS home,
      count(DISTINCT filename) AS files, count(*) AS rows,
      min(epoch_us(timestamp_collector)) AS first, max(epoch_us(timestamp_collector)) AS last,
      first(exchange_sequence_id ORDER BY timestamp_collector, file_row_number) AS first_id,
      last(exchange_sequence_id ORDER BY timestamp_collector, file_row_number) AS last_id
    FROM read_parquet('${dataDir}/**/*.parquet', filename = true, file_row_number = true, union_by_name = true)
    GROUP BY ALL ORDER BY feed, home NULLS FIRST`)

describe("inspect", () => {
  it.live("tells of a folder what DuckDB and hyparquet tell", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const dataDir = yield* recorded
      const { err, out, status } = yield* inspect([dataDir, "--json", "--files"])
      assert.strictEqual(status, 0, err)
      const said = JSON.parse(out)
      const expected = yield* Effect.promise(() => byDuckdb(dataDir))
      assert.strictEqual(expected.length, 4)
      assert.deepStrictEqual(
        said.feeds.map((feed: Record<string, unknown>) => [
          feed["feed"],
          feed["home_server"],
          feed["files"],
          feed["rows"],
          feed["first_received"],
          feed["last_received"],
          feed["first_exchange_sequence_id"],
          feed["last_exchange_sequence_id"]
        ]),
        expected.map((row) => [
          row["feed"],
          row["home"],
          Number(row["files"]),
          Number(row["rows"]),
          exact(row["first"]),
          exact(row["last"]),
          row["first_id"],
          row["last_id"]
        ])
      )
      assert.strictEqual(said.file_list.length, 6)
      assert.deepStrictEqual(said.feeds[0].symbol, "BTC-USDT")
      for (const { bytes, bytes_per_row, file, row_groups, rows } of said.file_list) {
        const metadata = yield* Effect.promise(() => hyparquetMetadata(file))
        const size = Number((yield* fs.stat(file)).size)
        assert.deepStrictEqual([rows, row_groups, bytes], [Number(metadata.num_rows), metadata.row_groups.length, size])
        assert.strictEqual(bytes_per_row, Math.round(size / rows * 100) / 100)
      }
      assert.deepStrictEqual([said.files, said.rows], [6, 2 * (35 + 57 + 25)])
      const table = yield* inspect([dataDir])
      assert.match(
        table.out,
        /^binance\/btcusdt\/trade +2 +92 +2026-03-14 10:00:00\.000 +2026-03-15 10:00:00\.910 +1000000 +1000091 +10 /m
      )
      assert.match(table.out, /^okx\/btcusdt\/orderbook +tokyo-1 +1 +25 /m)
      assert.match(table.out, /^4 feeds, 6 files, 234 rows, \d/m)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("tells of one file its row groups and metadata", () =>
    Effect.gen(function*() {
      const dataDir = yield* recorded
      const millis = (tenOClock + dayMicros + 35 * 10_000) / 1000
      const file = `${dataDir}/binance/btcusdt/trade/2026-03-15/${millis}.parquet`
      const said = JSON.parse((yield* inspect([file, "--json"])).out).file_list[0]
      const metadata = yield* Effect.promise(() => hyparquetMetadata(file))
      assert.deepStrictEqual(
        said.row_group_list.map(({ bytes, rows }: Record<string, unknown>) => [rows, bytes]),
        metadata.row_groups.map((group) => [Number(group.num_rows), Number(group.total_compressed_size)])
      )
      const own = metadata.key_value_metadata?.map(({ key, value }) => [key, value ?? ""]) ?? []
      assert.deepStrictEqual(said.metadata, Object.fromEntries(own))
      assert.strictEqual(said.row_group_list[5].first_received, exact(tenOClock + dayMicros + 123 + 85 * 10_000))
      const { out } = yield* inspect([file])
      assert.match(out, /^ +5 +7 +2026-03-15 10:00:00\.850 +2026-03-15 10:00:00\.910 /m)
      assert.match(out, /^ticklake\.symbol +BTC-USDT$/m)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("names and counts what is damaged or foreign, and says what it left out", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const dataDir = yield* recorded
      const books = `${dataDir}/okx/btcusdt/orderbook/2026-03-14`
      const [name = ""] = yield* fs.readDirectory(books)
      const sound = yield* fs.readFile(`${books}/${name}`)
      const flipped = sound.slice()
      const at = Buffer.from(sound).indexOf(Buffer.from("PAR1", "latin1")) + 300
      flipped[at] = (flipped[at] ?? 0) ^ 0xff
      yield* fs.writeFile(`${books}/cut.parquet`, sound.subarray(0, sound.length - 9))
      yield* fs.writeFile(`${books}/hole.parquet`, Buffer.concat([sound.subarray(0, 20), sound.subarray(900)]))
      yield* fs.writeFile(`${books}/empty.parquet`, new Uint8Array())
      yield* fs.writeFileString(`${books}/notes.txt`, "mine")
      yield* Effect.promise(() => duckdb(`COPY (SELECT 1 AS one) TO '${books}/other.parquet' (FORMAT parquet)`))
      execFileSync("mkfifo", [`${books}/pipe.parquet`])
      yield* fs.symlink("/nowhere.parquet", `${books}/dangling.parquet`)
      yield* fs.makeDirectory(`${dataDir}/quarantine/frames`, { recursive: true })
      yield* fs.writeFileString(`${dataDir}/quarantine/frames/2026-11-22.okx.btcusdt.trade.jsonl`, "{}\n")
      yield* fs.writeFile(`${dataDir}/quarantine/x.parquet`, flipped)
      yield* fs.writeFile(`${dataDir}/.open/y.parquet`, flipped)
      const { err, out, status } = yield* inspect([dataDir, "--json"])
      assert.strictEqual(status, 1)
      assert.strictEqual(err, "damaged, foreign, unreadable or copied: 7; sound: 6\n")
      const said = JSON.parse(out)
      assert.deepStrictEqual([said.files, said.rows], [6, 234])
      assert.deepStrictEqual(said.left_out, { still_written: 1, set_aside: 1, gone: 0 })
      assert.deepStrictEqual(
        Object.fromEntries(
          said.problems.map((each: Record<string, string>) => [each["file"]?.split("/").at(-1), each["problem"]])
        ),
        {
          "cut.parquet": "it does not end as a Parquet file",
          "dangling.parquet": "a link to a file that is not there",
          "empty.parquet": "it has 0 bytes only",
          "hole.parquet": "its footer tells of bytes behind its end",
          "notes.txt": "its name does not end in .parquet",
          "pipe.parquet": "no regular file",
          "other.parquet": "a Parquet file, but not one that ticklake wrote: its footer names no feed"
        }
      )
      const table = yield* inspect([dataDir])
      assert.match(table.out, /^Left out: 1 file in \.open, still written, 1 file in quarantine\.$/m)
      assert.match(table.out, /^ {2}\S+cut\.parquet: it does not end as a Parquet file$/m)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("names copies and counts their rows once, also while a file is moved, and reads only what looks alike", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const dataDir = yield* recorded
      const key = `binance/btcusdt/trade/2026-03-14/${tenOClock / 1000}.parquet`
      const copies = ["binance/aaausdt/trade/2026-03-14/1.parquet", key.replace(".parquet", " (1).parquet")]
      for (const copy of copies) {
        yield* fs.makeDirectory(dirname(`${dataDir}/${copy}`), { recursive: true })
        yield* fs.copyFile(`${dataDir}/${key}`, `${dataDir}/${copy}`)
      }
      yield* fs.copy(`${dataDir}/okx`, `${dataDir}/archive/okx`)
      const { err, out, status } = yield* inspect([dataDir, "--json", "--files"])
      assert.deepStrictEqual([status, err], [1, "damaged, foreign, unreadable or copied: 2; sound: 6\n"])
      const said = JSON.parse(out)
      assert.deepStrictEqual([said.files, said.rows, said.file_list.length], [6, 234, 6])
      assert.deepStrictEqual([said.feeds[0].files, said.feeds[0].rows], [2, 92])
      const problem = `it is a copy of ${key}`
      assert.deepStrictEqual(said.problems.map((each: object) => Object.values(each)).toSorted(), [
        [`${dataDir}/${copies[0]}`, problem],
        [`${dataDir}/${copies[1]}`, problem]
      ])

      const server = yield* s3StandIn.make()
      for (const name of [key, ...copies]) server.place(name, yield* fs.readFile(`${dataDir}/${name}`))
      const far = yield* inspectStore("s3://market-data", server.endpoint)
      assert.deepStrictEqual([far.files, far.rows, far.problems.length], [1, 35, 2])
      assert.strictEqual(server.requests.filter((each) => each === "HeadObject").length, 3)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("names a file whose ids cannot be read", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const dataDir = yield* recorded
      const books = `${dataDir}/okx/btcusdt/orderbook/2026-03-14`
      const [name = ""] = yield* fs.readDirectory(books)
      const metadata = yield* Effect.promise(() => hyparquetMetadata(`${books}/${name}`))
      const ids = metadata.row_groups[0]?.columns[2]?.meta_data
      const bytes = yield* fs.readFile(`${books}/${name}`)
      const at = Number(ids?.data_page_offset) + Number(ids?.total_compressed_size) - 2
      bytes[at] = (bytes[at] ?? 0) ^ 4
      yield* fs.writeFile(`${books}/${name}`, bytes)
      const { out, status } = yield* inspect([dataDir])
      assert.strictEqual(status, 1)
      assert.match(out, /parquet: a page of exchange_sequence_id does not have the bytes that were written$/m)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("says what is wrong with a place that has nothing to tell", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-" })
      const say = Effect.fnUntraced(function*(place: string) {
        const { err, status } = yield* inspect([place])
        assert.strictEqual(status, 1)
        return err
      })
      assert.strictEqual(
        yield* say(folder),
        `${folder}: there are no Parquet files: name a data folder, an archive, or a prefix that keys begin with\n`
      )
      assert.strictEqual(yield* say(`${folder}/none`), `${folder}/none: there is no such file or folder\n`)
      assert.strictEqual(yield* say("s3://"), "s3://: write s3://bucket or s3://bucket/prefix\n")
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("reads of a bucket the listing, the ends of the objects and the ids, and nothing else", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const dataDir = yield* recorded
      const server = yield* s3StandIn.make({ pageSize: 4 })
      let stored = 0
      for (const name of yield* fs.readDirectory(dataDir, { recursive: true })) {
        if (!name.endsWith(".parquet")) continue
        // As if the file was large: what lies between its rows and its footer must not be fetched.
        const body = yield* fs.readFile(`${dataDir}/${name}`)
        const tail = body.length - 8 - Buffer.from(body).readUInt32LE(body.length - 8)
        const large = Buffer.concat([body.subarray(0, tail), Buffer.alloc(1_000_000), body.subarray(tail)])
        server.place(name, large)
        stored += large.length
      }
      server.place("binance/", new Uint8Array())
      const near = yield* inspect([dataDir, "--json"])
      const far = yield* inspectStore("s3://market-data", server.endpoint)
      const withoutSizes = (feeds: ReadonlyArray<object>) =>
        feeds.map((feed) => Object.assign(feed, { bytes: 0, bytes_per_row: 0 }))
      assert.strictEqual(far.bytes, stored)
      assert.deepStrictEqual(withoutSizes(far.feeds), withoutSizes(JSON.parse(near.out).feeds))
      // Two pages of the listing, the end of each file, and of each the ids of its first and its last row group.
      const count = (operation: s3StandIn.Operation) => server.requests.filter((each) => each === operation).length
      assert.deepStrictEqual([count("ListObjects"), count("GetObject")], [2, 3 * 6])
      assert.strictEqual(server.requests.length, 20)
      assert.isBelow(server.served.reduce((sum, bytes) => sum + bytes, 0), stored / 20)

      const okx = yield* inspectStore("s3://market-data/okx/", server.endpoint)
      assert.deepStrictEqual(okx.feeds.map(({ exchange, home_server }) => `${exchange} ${home_server}`), [
        "okx null",
        "okx tokyo-1"
      ])
      const place = okx.file_list?.[0]?.file ?? ""
      server.fail("GetObject", { kind: "status", status: 503, code: "SlowDown" }, 2)
      const one = yield* inspectStore(place, server.endpoint)
      assert.deepStrictEqual(one.file_list?.map((each) => each.row_group_list?.length), [3])
      assert.deepStrictEqual(one.problems, [])
      server.fail("GetObject", { kind: "status", status: 403, code: "AccessDenied" }, Infinity)
      const denied = yield* inspectStore(place, server.endpoint)
      assert.match(denied.problems[0]?.problem ?? "", /^it cannot be read: .*AccessDenied.*s3:GetObject/)
      const missing = yield* Effect.flip(inspectStore("s3://elsewhere/x", server.endpoint))
      assert.match(missing.message, /^s3:\/\/elsewhere\/x: .*NoSuchBucket/)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("says that a web server is no object store, as check does", () =>
    Effect.gen(function*() {
      for (const page of ["<html><body>Welcome</body></html>", "", "<!doctype html><meta charset=utf-8>Welcome"]) {
        const endpoint = yield* webServer(200, page)
        const { message } = yield* Effect.flip(inspectStore("s3://market-data/okx", endpoint))
        assert.include(message, `s3://market-data/okx: the store at ${endpoint} is no object store: `)
        assert.include(message, `; check that aws.endpoint (${endpoint}) is the address of the store's S3 interface`)
      }
    }))

  it.live("takes the store from a config file and the environment, and ends with 1 where something is not as it should be", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const server = yield* s3StandIn.make()
      server.place("okx/notes.parquet", Buffer.from("mine"))
      const cwd = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-" })
      yield* fs.writeFileString(
        `${cwd}/s3.toml`,
        `aws = { endpoint = "${server.endpoint}", force_path_style = true }\n[[markets]]\nexchange = "okx"\nsymbols = ["BTC-USDT"]\n`
      )
      const { err, out, status } = yield* inspectApart(["s3://market-data", "-c", "s3.toml"], cwd, environment)
      assert.strictEqual(status, 1)
      assert.strictEqual(err, "damaged, foreign, unreadable or copied: 1; sound: 0\n")
      assert.include(out, "s3://market-data/okx/notes.parquet: it has 4 bytes only")
      const none = yield* inspectApart(["s3://market-data", "-c", "none.toml"], cwd, environment)
      assert.strictEqual(none.status, 78)
      assert.match(none.err, /none\.toml\n +expected +a file that exists/)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("takes the store from the environment alone where there is no config file", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const cwd = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-" })
      const half = yield* inspectApart(["s3://market-data"], cwd, { PATH: environment.PATH, AWS_ACCESS_KEY: "id" })
      assert.strictEqual(half.status, 78)
      assert.match(half.err, /^1 problem [^]*AWS_SECRET_KEY/)
    }).pipe(Effect.provide(NodeServices.layer)))
})
