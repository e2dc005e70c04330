import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Console, Effect, Exit, FileSystem, Layer, Runtime, Scope } from "effect"
import { Command } from "effect/cli"
import { execFileSync, spawnSync } from "node:child_process"
import { resolve } from "node:path"
import { fsck as command } from "../../src/cli/fsck.ts"
import { inspect } from "../../src/cli/fsck/folderReport.ts"
import * as Feed from "../../src/domain/Feed.ts"
import { DataFolderLock } from "../../src/runtime/DataFolderLock.ts"
import { Journal } from "../../src/sinks/Journal.ts"
import { Sinks } from "../../src/sinks/Sink.ts"
import * as ParquetSinks from "../../src/sinks/Sinks.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"
import { trades } from "../sinks/events.ts"
import * as faultyFileSystem from "../sinks/faultyFileSystem.ts"
import { asNobody } from "./asNobody.ts"

const feed = Feed.make("binance", "BTC-USDT", "trade")

const fsck = (...args: ReadonlyArray<string>) => fsckIn({}, ...args)

const fsckIn = (where: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv }, ...args: ReadonlyArray<string>) => {
  const { status, stderr, stdout } = spawnSync(process.execPath, [resolve("src/main.ts"), "fsck", ...args], {
    encoding: "utf8",
    ...where
  })
  return { status, text: `${stdout}${stderr}` }
}

/** What `fsck` of a folder says in this process. */
const said = Effect.fnUntraced(function*(dataDir: string) {
  const lines: Array<string> = []
  const log = (line: string) => void lines.push(line)
  const error = yield* Effect.flip(Command.runWith(command, { version: "0" })([dataDir])).pipe(
    Effect.provideService(Console.Console, { ...console, log })
  )
  return { status: Runtime.getErrorExitCode(error), out: lines.join("\n"), err: error.message }
})

/** A folder with one sealed file; with `unclean`, also what a recorder leaves whose disk fails at the end. */
const folder = Effect.fnUntraced(function*(unclean: boolean) {
  const fs = yield* FileSystem.FileSystem
  const dataDir = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-" })
  const faults = faultyFileSystem.make()
  const storage = ParquetSinks.layer({ dataDir, rowGroupRows: 10, writeBeside: false }).pipe(
    Layer.provideMerge(Journal.layer({ dataDir })),
    Layer.provide(Telemetry.layer),
    Layer.provide(Layer.fresh(faultyFileSystem.layer(faults))),
    Layer.provide(NodeServices.layer)
  )
  yield* Effect.scoped(Effect.gen(function*() {
    const context = yield* Layer.build(storage)
    const { journal, sinks } = yield* Effect.all({ journal: Journal, sinks: Sinks }).pipe(
      Effect.provideContext(context)
    )
    yield* Effect.scoped(Effect.flatMap(sinks.open(feed), (sink) => sink.append(trades(30))))
    if (!unclean) return
    const scope = yield* Scope.make()
    const sink = yield* Scope.provide(sinks.open(feed), scope)
    yield* sink.append(trades(25, 30))
    yield* journal.open(feed).commit
    faults.failing.add("sync")
    yield* Scope.close(scope, Exit.void)
  }))
  return dataDir
})

describe("fsck", () => {
  it.live("of a sound folder ends with 0", () =>
    Effect.gen(function*() {
      const { status, text } = fsck(yield* folder(false))
      assert.strictEqual(status, 0, text)
      assert.match(text, /sound\s+1 sealed files with 30 rows/)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("names what was set aside earlier, which is no reason to complain again", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const dataDir = yield* folder(false)
      yield* fs.writeFileString(`${dataDir}/.open/notes.txt`, "buy milk")
      assert.strictEqual(fsck(dataDir, "--repair").status, 1)
      const { status, text } = fsck(dataDir)
      assert.strictEqual(status, 0, text)
      assert.include(text, `aside    ${dataDir}/quarantine/notes.txt: set aside earlier; `)
      assert.include(text, `${dataDir}/quarantine/notes.txt.reason.txt says why`)
      assert.strictEqual(text.match(/^aside/gm)?.length, 1)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("tells of frames that could not be parsed, which are what they should be", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const dataDir = yield* folder(false)
      yield* fs.makeDirectory(`${dataDir}/quarantine/frames`, { recursive: true })
      yield* fs.writeFileString(`${dataDir}/quarantine/frames/2026-11-22.okx.btcusdt.trade.jsonl`, "{}\n")
      const { status, text } = fsck(dataDir)
      assert.strictEqual(status, 0, text)
      assert.match(text, /^sound {4}.*quarantine\/frames: 1 file of frames that could not be parsed/m)
      assert.notMatch(text, /^aside/m)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("says what a start would do and changes nothing, and does it with --repair", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const dataDir = yield* folder(true)
      const before = (yield* fs.readDirectory(dataDir, { recursive: true })).toSorted()
      const first = fsck(dataDir)
      assert.strictEqual(first.status, 1, first.text)
      assert.match(first.text, /to do\s+.*\.open\/binance\.btcusdt\.trade\.\d+\.parquet: an open file; its 20 rows/)
      assert.match(first.text, /to do\s+5 rows that only the journal has/)
      assert.deepStrictEqual((yield* fs.readDirectory(dataDir, { recursive: true })).toSorted(), before)
      const repair = fsck(dataDir, "--repair")
      assert.strictEqual(repair.status, 1, repair.text)
      const after = fsck(dataDir)
      assert.strictEqual(after.status, 0, after.text)
      assert.match(after.text, /3 sealed files with 55 rows/)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("puts rows where the recorder of this machine would have put them", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const cwd = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-" })
      const rowsGoTo = Effect.fnUntraced(function*(server: string, env: NodeJS.ProcessEnv) {
        const dataDir = yield* folder(true)
        const { status, text } = fsckIn({ cwd, env: { ...process.env, ...env } }, dataDir, "--repair")
        assert.strictEqual(status, 1, text)
        const names = yield* fs.readDirectory(dataDir, { recursive: true })
        assert.isTrue(names.some((name) => name.includes(`/trade/${server}/`)), text)
      })
      yield* rowsGoTo("tokyo-1", { HOME_SERVER_NAME: "tokyo-1" })
      yield* fs.writeFileString(
        `${cwd}/config.toml`,
        `aws = { home_server_name = "seoul-1" }
[[markets]]
exchange = "okx"
symbols = ["BTC-USDT"]
`
      )
      yield* rowsGoTo("seoul-1", {})
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("finds any flipped byte of a sealed file's pages, names the file and what is left of it, and changes nothing", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const dataDir = yield* folder(false)
      const names = yield* fs.readDirectory(dataDir, { recursive: true })
      const name = names.find((each) => each.endsWith("parquet")) ?? ""
      const content = yield* fs.readFile(`${dataDir}/${name}`)
      content[200] = (content[200] ?? 0) ^ 4
      yield* fs.writeFile(`${dataDir}/${name}`, content)
      const { status, text } = fsck(dataDir)
      assert.strictEqual(status, 2, text)
      assert.include(text, name)
      assert.match(text, /DAMAGED .*; row groups 1-2 of its 3 \(counted from 0\) can be read, 20 of 30 rows$/m)
      assert.match(text, /--repair changes no sealed file[^]*the archive[^]*the bucket/)
      const repair = fsck(dataDir, "--repair")
      assert.strictEqual(repair.status, 2, repair.text)
      assert.deepStrictEqual(yield* fs.readFile(`${dataDir}/${name}`), content)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("finds a file that says of itself what its rows do not show, and a damaged .state", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const dataDir = yield* folder(false)
      const name = (yield* fs.readDirectory(dataDir, { recursive: true })).find((each) => each.endsWith("parquet")) ??
        ""
      const content = Buffer.from(yield* fs.readFile(`${dataDir}/${name}`))
      const lastId = content.lastIndexOf("1000029")
      content.write("1000028", lastId)
      yield* fs.writeFile(`${dataDir}/${name}`, content)
      yield* fs.writeFileString(`${dataDir}/.state/binance.btcusdt.trade.json`, "{}")
      const { status, text } = fsck(dataDir)
      assert.strictEqual(status, 2, text)
      assert.match(
        text,
        /DAMAGED .*\.parquet: it says ticklake\.last_id = 1000028, and its rows show 1000029; row groups 0-2 of its 3/
      )
      assert.match(text, /DAMAGED .*\.state\/binance\.btcusdt\.trade\.json: This does not hold what was written/)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("names a pipe among the sealed files, and waits for nobody to write to it", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const dataDir = yield* folder(false)
      const name = (yield* fs.readDirectory(dataDir, { recursive: true })).find((each) => each.endsWith("parquet"))
      yield* fs.remove(`${dataDir}/${name}`)
      execFileSync("mkfifo", [`${dataDir}/${name}`])
      const { status, text } = fsck(dataDir)
      assert.strictEqual(status, 2, text)
      assert.match(text, /^DAMAGED .*: it is no regular file/m)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("takes a file that is stored while it reads for no damage, and a link to nothing for one", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const dataDir = yield* folder(false)
      const name = (yield* fs.readDirectory(dataDir, { recursive: true })).find((each) => each.endsWith("parquet")) ??
        ""
      const link = `${dataDir}/${name.replace(/\d+\.parquet$/, "1.parquet")}`
      yield* fs.symlink("nowhere", link)
      const stored = FileSystem.FileSystem.of({
        ...fs,
        stat: (path) =>
          path.endsWith(name) ? Effect.andThen(fs.remove(path, { force: true }), fs.stat(path)) : fs.stat(path)
      })
      const { damagedSealed, lines } = yield* Effect.provideService(inspect(dataDir), FileSystem.FileSystem, stored)
      assert.strictEqual(damagedSealed, 1)
      const damaged = lines.filter(({ state }) => state === "DAMAGED").map(({ text }) => text)
      assert.deepStrictEqual(damaged.map((text) => text.slice(0, link.length)), [link])
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("calls what this user may not read neither sound nor damaged, and checks the rest", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const dataDir = yield* folder(true)
      yield* fs.chmod(dataDir, 0o755)
      const name = (yield* fs.readDirectory(dataDir, { recursive: true })).find((each) =>
        /^binance.*parquet$/.test(each)
      ) ?? ""
      const open = `${dataDir}/.open/${
        (yield* fs.readDirectory(`${dataDir}/.open`)).find((each) => each.endsWith("parquet"))
      }`
      const closed = [`${dataDir}/${name.replace("binance", "bybit")}`, `${dataDir}/okx`, open]
      for (const venue of ["bybit", "okx"]) yield* fs.copy(`${dataDir}/binance`, `${dataDir}/${venue}`)
      yield* fs.symlink("nowhere", `${dataDir}/upbit`)
      // The sealed files are sound for whoever may read them.
      assert.match((yield* said(dataDir)).out, /^sound {4}3 sealed files with 90 rows$/m)
      for (const each of closed) yield* fs.chmod(each, 0)
      yield* Effect.addFinalizer(() => Effect.ignore(fs.chmod(`${dataDir}/okx`, 0o755)))

      const { err, out, status } = yield* asNobody(said(dataDir))
      assert.deepStrictEqual([status, err.split(",")[0]], [2, "5 places could not be read"], out)
      assert.match(out, /^sound {4}1 sealed files with 30 rows$/m)
      for (const each of closed) assert.include(out, `UNREAD   ${each}: `)
      assert.include(out, `${closed[1]}: this folder cannot be read: EACCES`)
      assert.include(out, `UNREAD   ${dataDir}/upbit: this link cannot be followed: ENOENT`)
      assert.notMatch(out, /DAMAGED|move the file out/)

      yield* fs.chmod(`${dataDir}/.open`, 0)
      yield* Effect.addFinalizer(() => Effect.ignore(fs.chmod(`${dataDir}/.open`, 0o755)))
      const unjudged = yield* asNobody(said(dataDir))
      assert.strictEqual(unjudged.status, 2)
      assert.include(unjudged.out, `UNREAD   ${dataDir}: journal and open files are not judged: EACCES`)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("names the archive and the bucket of the configuration", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const dataDir = yield* folder(false)
      const name = (yield* fs.readDirectory(dataDir, { recursive: true })).find((each) => each.endsWith("parquet"))
      yield* fs.truncate(`${dataDir}/${name}`, 100)
      const config = `${dataDir}/config.toml`
      yield* fs.writeFileString(
        config,
        `storage = { mode = "both", data_dir = "${dataDir}", local_path = "/srv/archive" }
aws = { bucket = "our-ticks" }
[[markets]]
exchange = "okx"
symbols = ["BTC-USDT"]
`
      )
      const { status, text } = fsck("--config", config)
      assert.strictEqual(status, 2, text)
      assert.match(text, /none of its row groups can be read/)
      assert.match(text, /in \/srv\/archive, in the bucket our-ticks/)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("refuses a folder in which no recorder has worked, and leaves it as it is", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const home = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-" })
      yield* fs.writeFileString(`${home}/letter.txt`, "")
      for (const args of [[home], [home, "--repair"]]) {
        const { status, text } = fsck(...args)
        assert.strictEqual(status, 2, text)
        assert.include(text, `${home} holds nothing of ticklake's: name the data_dir of a recorder`)
      }
      assert.deepStrictEqual(yield* fs.readDirectory(home), ["letter.txt"])
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("checks an archive, and makes no data folder of it", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const archive = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-" })
      yield* fs.copy(`${yield* folder(false)}/binance`, `${archive}/binance`)
      const { status, text } = fsck(archive)
      assert.strictEqual(status, 0, text)
      assert.match(text, /sound\s+1 sealed files with 30 rows/)
      const repair = fsck(archive, "--repair")
      assert.strictEqual(repair.status, 2, repair.text)
      assert.include(repair.text, "there is nothing to repair: name the data_dir of a recorder")
      assert.deepStrictEqual(yield* fs.readDirectory(archive), ["binance"])
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("does not touch the folder of a running recorder", () =>
    Effect.gen(function*() {
      const dataDir = yield* folder(true)
      yield* Layer.build(DataFolderLock.layer(dataDir))
      const { status, text } = fsck(dataDir)
      assert.strictEqual(status, 0, text)
      assert.match(text, new RegExp(`process ${process.pid} on .* records here`))
      const repair = fsck(dataDir, "--repair")
      assert.strictEqual(repair.status, 75, repair.text)
      assert.match(repair.text, /in use by process/)
    }).pipe(Effect.provide(NodeServices.layer)))
})
