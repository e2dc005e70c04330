import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, FileSystem, Layer, Logger, Path, PlatformError, Runtime, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as LogFile from "../../src/telemetry/LogFile.ts"
import { until } from "../until.ts"

const day = Date.UTC(2026, 10, 22)
const hour = 3_600_000

/** A disk that a test fills, takes away and gives back. */
interface Disk {
  /** Bytes that may still be written; a write beyond that is a short one, and the next fails as on a full disk. */
  room: number
  stuck: boolean
  /** Whether the next write meets a bug. */
  buggy?: boolean
}

const layerOf = (disk: Disk) =>
  Layer.effect(
    FileSystem.FileSystem,
    Effect.map(FileSystem.FileSystem, (fs) => {
      const full = Effect.suspend(() => {
        const cause = Object.assign(new Error("ENOSPC: no space left on device, write"), {
          code: "ENOSPC",
          syscall: "write"
        })
        return Effect.fail(PlatformError.systemError({ _tag: "Unknown", module: "FileSystem", method: "write", cause }))
      })
      const write = (file: FileSystem.File): FileSystem.File["write"] => (bytes) =>
        Effect.suspend(() => {
          if (disk.stuck) return Effect.never
          if (disk.buggy) {
            disk.buggy = false
            return Effect.die(new Error("a bug"))
          }
          if (disk.room === 0) return full
          const part = bytes.subarray(0, disk.room)
          disk.room -= part.length
          return file.write(part)
        })
      return FileSystem.FileSystem.of({
        ...fs,
        open: (path, options) =>
          Effect.map(
            fs.open(path, options),
            (file) => Object.create(file, { write: { value: write(file) } })
          )
      })
    })
  ).pipe(Layer.provide(NodeServices.layer))

const open = Effect.fnUntraced(function*(options: Partial<LogFile.Options> = {}) {
  const fs = yield* FileSystem.FileSystem
  const folder = options.folder ?? `${yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-logs-" })}/a/logs`
  const said: Array<string> = []
  const loggers = new Set([Logger.make<unknown, void>(({ logLevel, message }) => {
    said.push(`${logLevel} ${String(message)}`)
  })])
  const scope = yield* Scope.make()
  yield* Effect.addFinalizer(() => Scope.close(scope, Exit.void))
  const { write } = yield* Scope.provide(
    LogFile.make({
      ...LogFile.defaults,
      retryEvery: "10 millis",
      folder,
      maxFileBytes: 1_000_000,
      retentionDays: 1,
      ...options
    }),
    scope
  ).pipe(Effect.provideService(Logger.CurrentLoggers, loggers))
  const read = Effect.fnUntraced(function*(name: string) {
    return (yield* fs.readFileString(`${folder}/${name}`)).split("\n").slice(0, -1)
  })
  const names = Effect.map(fs.readDirectory(folder), (found) => found.toSorted())
  return { close: Scope.close(scope, Exit.void), folder, names, read, said, write }
})

const onGoodDisk = NodeServices.layer
const on = (disk: Disk) => Layer.mergeAll(layerOf(disk), Path.layer)

describe("LogFile", () => {
  it.live("has every line when the scope has closed, in the file of its own day", () =>
    Effect.gen(function*() {
      const { close, read, write } = yield* open()
      for (let i = 0; i < 1000; i++) write(day + 24 * hour - 500 + i, `line ${i}`)
      yield* close
      const first = yield* read("ticklake.2026-11-22.log")
      const second = yield* read("ticklake.2026-11-23.log")
      assert.strictEqual(first.length, 500)
      assert.deepStrictEqual([...first, ...second], Array.from({ length: 1000 }, (_, i) => `line ${i}`))
    }).pipe(Effect.provide(onGoodDisk)))

  it.live("begins another file of the day at the size, and goes on in the last one after a restart", () =>
    Effect.gen(function*() {
      const earlier = yield* open({ maxFileBytes: 1000 })
      const text = (i: number) => `line ${i} ${"x".repeat(80)}`
      for (let i = 0; i < 95; i++) earlier.write(day, text(i))
      yield* earlier.close
      const sizes: Array<number> = []
      const later = yield* open({ folder: earlier.folder, maxFileBytes: 1000 })
      for (let i = 95; i < 100; i++) later.write(day, text(i))
      yield* later.close
      const all: Array<string> = []
      const names = (yield* later.names).filter((name) => name.includes("2026-11-22"))
      for (let index = 0; index < names.length; index++) {
        const lines = yield* later.read(index === 0 ? "ticklake.2026-11-22.log" : `ticklake.2026-11-22.${index}.log`)
        sizes.push(lines.reduce((sum, line) => sum + line.length + 1, 0))
        all.push(...lines)
      }
      assert.deepStrictEqual(all, Array.from({ length: 100 }, (_, i) => text(i)))
      assert.isBelow(Math.max(...sizes), 1001)
      assert.isAbove(Math.min(...sizes.slice(0, -1)), 800)
    }).pipe(Effect.provide(onGoodDisk)))

  it.live("a line that is longer than a file may be has one of its own", () =>
    Effect.gen(function*() {
      const { close, read, write } = yield* open({ maxFileBytes: 100 })
      for (const text of ["short", "x".repeat(500), "last"]) write(day, text)
      yield* close
      assert.deepStrictEqual(yield* read("ticklake.2026-11-22.log"), ["short"])
      assert.deepStrictEqual(yield* read("ticklake.2026-11-22.1.log"), ["x".repeat(500)])
      assert.deepStrictEqual(yield* read("ticklake.2026-11-22.2.log"), ["last"])
    }).pipe(Effect.provide(onGoodDisk)))

  it.live("two that write into one folder keep each other's lines whole", () =>
    Effect.gen(function*() {
      const one = yield* open({ maxFileBytes: 20_000 })
      const two = yield* open({ folder: one.folder, maxFileBytes: 20_000 })
      for (let i = 0; i < 2000; i++) {
        one.write(day, `one ${i} ${"x".repeat(i % 50)}.`)
        two.write(day, `two ${i} ${"y".repeat(i % 50)}.`)
        if (i % 10 === 0) yield* Effect.sleep(0)
      }
      yield* one.close
      yield* two.close
      const lines: Array<string> = []
      for (const name of yield* one.names) if (name.includes("2026-11-22")) lines.push(...(yield* one.read(name)))
      assert.strictEqual(lines.length, 4000)
      for (const line of lines) assert.match(line, /^(?:one \d+ x*|two \d+ y*)\.$/)
      for (const who of ["one", "two"]) {
        const numbers = new Set(lines.filter((line) => line.startsWith(who)).map((line) => Number(line.split(" ")[1])))
        assert.strictEqual(numbers.size, 2000)
      }
    }).pipe(Effect.provide(onGoodDisk)))

  it.live("does not hang a line onto what somebody left in the middle of one", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const { close, folder, read, write } = yield* open()
      yield* fs.writeFileString(`${folder}/ticklake.2026-11-22.log`, "{\"cut sh")
      write(day, "whole")
      yield* close
      assert.deepStrictEqual(yield* read("ticklake.2026-11-22.log"), ["{\"cut sh", "whole"])
    }).pipe(Effect.provide(onGoodDisk)))

  it.live("goes on when its folder is removed while it writes", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const { close, folder, read, write } = yield* open()
      write(day, "before")
      yield* Effect.repeat(Effect.orElseSucceed(fs.readFileString(`${folder}/ticklake.2026-11-22.log`), () => ""), {
        until: (text) => text !== ""
      })
      yield* fs.remove(folder, { recursive: true })
      write(day, "after")
      yield* close
      assert.deepStrictEqual(yield* read("ticklake.2026-11-22.log"), ["after"])
    }).pipe(Effect.provide(onGoodDisk)))

  it.live("a full disk is told once; lines that wait come when there is room, each once, and those dropped are counted", () => {
    const disk: Disk = { room: Infinity, stuck: false }
    return Effect.gen(function*() {
      const { close, read, said, write } = yield* open({ pendingBytes: 1000 })
      disk.room = 25
      for (let i = 0; i < 10; i++) write(day, `line ${i} .........`)
      yield* until(() => said.length === 1)
      assert.match(said[0]!, /^Error log lines cannot be written in .*: ENOSPC: no space left.*recording goes on/)
      for (let i = 10; i < 200; i++) write(day, `line ${i} .........`)
      yield* until(() => said.length === 2)
      assert.match(said[1]!, /^Error log lines are being dropped/)
      disk.room = Infinity
      yield* until(() => said.length === 3)
      const [, dropped] = /^Warn log lines are written in .* again; (\d+) of them were dropped/.exec(said[2]!) ?? []
      write(day, "the last")
      yield* close
      const lines = yield* read("ticklake.2026-11-22.log")
      const whole = lines.filter((line) => / \.{9}$/.test(line))
      assert.strictEqual(new Set(whole).size, whole.length)
      assert.strictEqual(whole.length + Number(dropped), 200)
      assert.strictEqual(lines.at(-1), "the last")
      assert.isAbove(Number(dropped), 100)
      assert.strictEqual(said.length, 3)
    }).pipe(Effect.provide(on(disk)))
  })

  it.live("a disk that does not answer keeps nobody: lines are dropped and counted, and the end is bounded", () => {
    const disk: Disk = { room: Infinity, stuck: true }
    return Effect.gen(function*() {
      const { close, said, write } = yield* open({ pendingBytes: 1000, flushWithin: "20 millis" })
      for (let i = 0; i < 100_000; i++) write(day, `line ${i}`)
      yield* until(() => said.length === 1)
      assert.match(said[0]!, /^Error log lines are being dropped, for .* recording goes on/)
      yield* close
      assert.match(said[1] ?? "", /^Warn the last 100000 log lines could not be written in .* and are lost there$/)
    }).pipe(Effect.provide(on(disk)))
  })

  it.live("a bug is told, and the writing begins anew", () => {
    const disk: Disk = { room: Infinity, stuck: false, buggy: true }
    return Effect.gen(function*() {
      const { close, read, said, write } = yield* open()
      write(day, "first")
      yield* until(() => said.length === 1)
      assert.match(said[0]!, /^Error a bug ended the writing of log files; recording goes on/)
      yield* close
      assert.deepStrictEqual(yield* read("ticklake.2026-11-22.log"), ["first"])
    }).pipe(Effect.provide(on(disk)))
  })

  it.live("a disk without room when it starts is no reason not to start", () => {
    const disk: Disk = { room: 0, stuck: false }
    return Effect.gen(function*() {
      const { close, read, said, write } = yield* open()
      write(day, "first")
      yield* until(() => said.length === 1)
      disk.room = Infinity
      yield* until(() => said.length === 2)
      assert.match(said[1]!, /^Info .* again after \d+ s; none is missing$/)
      yield* close
      assert.deepStrictEqual(yield* read("ticklake.2026-11-22.log"), ["first"])
    }).pipe(Effect.provide(on(disk)))
  })

  it.live("fails to start with exit code 73 and what to do where no folder can be", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const file = yield* fs.makeTempFileScoped()
      const error = yield* Effect.flip(open({ folder: `${file}/logs` }))
      assert.strictEqual(Runtime.getErrorExitCode(error), 73)
      assert.match(
        error.message,
        /^no log files can be written in .*\/logs: ENOTDIR: .*set logging\.dir to another folder$/
      )
    }).pipe(Effect.provide(onGoodDisk)))

  it.effect("removes files of its own that are too old, at the start and each day, and nothing else", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(day + 20 * hour)
      const fs = yield* FileSystem.FileSystem
      const folder = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-logs-" })
      const foreign = ["2026-01-01.log", "notes.txt", "other.2020-01-01.log", "ticklake.2020-01-01.log.gz"]
      for (const name of ["19", "20.3", "20", "21.1", "21", "22.7"].map((end) => `ticklake.2026-11-${end}.log`)) {
        yield* fs.writeFileString(`${folder}/${name}`, "")
      }
      for (const name of foreign) yield* fs.writeFileString(`${folder}/${name}`, "")
      yield* fs.makeDirectory(`${folder}/ticklake.2020-01-01.log`)
      const { close, names, said } = yield* open({ folder })
      yield* TestClock.withLive(until(() => said.length === 2))
      assert.match(
        said[0]!,
        /^Warn the old log file .*ticklake\.2020-01-01\.log could not be removed: .*again tomorrow$/
      )
      assert.match(said[1]!, /^Info removed 3 old log files from .*; logging\.retention_days is 1$/)
      const kept = ["ticklake.2020-01-01.log", ...foreign]
      assert.deepStrictEqual(
        yield* names,
        [...kept, "ticklake.2026-11-21.1.log", "ticklake.2026-11-21.log", "ticklake.2026-11-22.7.log"].toSorted()
      )
      yield* TestClock.adjust("4 hours")
      yield* TestClock.withLive(until(() => said.length === 4))
      assert.deepStrictEqual(yield* names, [...kept, "ticklake.2026-11-22.7.log"].toSorted())
      yield* close
    }).pipe(Effect.provide(onGoodDisk)))

  it.effect("keeps the last day that has files when the clock leaps, ahead or back", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(day + 90 * 24 * hour)
      const fs = yield* FileSystem.FileSystem
      const folder = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-logs-" })
      const before = ["20", "21", "21.1"].map((end) => `ticklake.2026-11-${end}.log`)
      for (const name of before) yield* fs.writeFileString(`${folder}/${name}`, "")
      const ahead = yield* open({ folder })
      yield* TestClock.withLive(until(() => ahead.said.length === 1))
      const leapt = [...before.slice(1), "ticklake.2027-02-20.log"].toSorted()
      assert.deepStrictEqual(yield* ahead.names, leapt)
      yield* ahead.close
      yield* TestClock.setTime(day)
      const back = yield* open({ folder })
      yield* back.close
      assert.deepStrictEqual(yield* back.names, [...leapt, "ticklake.2026-11-22.log"].toSorted())
    }).pipe(Effect.provide(onGoodDisk)))
})
