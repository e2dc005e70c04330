import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Console, Effect, FileSystem, Path } from "effect"
import { randomBytes } from "node:crypto"
import { existsSync } from "node:fs"
import { readRows } from "../../src/cli/readRows.ts"
import { audit } from "../../src/simulator/audit.ts"
import * as Simulator from "../../src/simulator/Simulator.ts"
import { until } from "../until.ts"
import type { Hold, Step } from "../upload/holds.ts"
import * as s3StandIn from "../upload/s3StandIn.ts"
import { configText, exited, start } from "./recorderProcess.ts"

/** Sent whole, and in three parts. */
const whole = 5000
const inParts = 17 * 1024 * 1024

/** An instant of the way of one file, and what the store then has. */
interface Instant {
  readonly bytes: number
  readonly step: Omit<Step, "key">
  readonly stored: boolean
  /** How long after the answer was written the kill comes; null where it comes while the request is held. */
  readonly afterMillis: number | null
}

const held = (bytes: number, step: Instant["step"], stored: boolean): Instant => ({
  bytes,
  step,
  stored,
  afterMillis: null
})

/** Between the answer that proves the file and its removal, or shortly after that. */
const proven = (bytes: number, afterMillis: number): Instant => ({
  bytes,
  step: { operation: "HeadObject", stage: "answer", exists: true },
  stored: true,
  afterMillis
})

/** Each process stores two files at a time and is killed with both of them at an instant of their own. */
const kills: ReadonlyArray<readonly [Instant, Instant]> = [
  [held(whole, { operation: "HeadObject", stage: "request", exists: false }, false), proven(whole, 0)],
  [held(whole, { operation: "HeadObject", stage: "answer", exists: false }, false), proven(inParts, 0)],
  [held(whole, { operation: "PutObject", stage: "request" }, false), proven(whole, 0.3)],
  [held(whole, { operation: "PutObject", stage: "body" }, false), proven(whole, 0.6)],
  [held(whole, { operation: "PutObject", stage: "answer" }, true), proven(whole, 1)],
  [held(whole, { operation: "HeadObject", stage: "request", exists: true }, true), proven(whole, 2)],
  [held(whole, { operation: "HeadObject", stage: "answer", exists: true }, true), proven(whole, 4)],
  [
    held(inParts, { operation: "CreateMultipartUpload", stage: "answer" }, false),
    held(inParts, { operation: "UploadPart", stage: "body" }, false)
  ],
  [
    held(inParts, { operation: "UploadPart", stage: "answer" }, false),
    held(inParts, { operation: "CompleteMultipartUpload", stage: "request" }, false)
  ],
  [
    held(inParts, { operation: "CompleteMultipartUpload", stage: "answer" }, true),
    held(inParts, { operation: "HeadObject", stage: "request", exists: true }, true)
  ]
]

/** Blocks this thread and with it the store, which a timer could not do for less than a millisecond. */
const block = (millis: number) => {
  if (millis > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis)
}

/** A simulated venue, a store, a data folder to put sealed files in, and recorders in processes of their own. */
const setUp = Effect.fnUntraced(function*() {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const folder = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-crash-" })
  const dataDir = path.join(folder, "recording")
  const simulator = yield* Simulator.make({ rate: 200 })
  const server = yield* s3StandIn.make()
  const configPath = `${folder}/config.toml`
  const text = configText({ folder, simulator, venues: ["okx"], store: server, commitMillis: 100 })
  yield* fs.writeFileString(configPath, text)
  const placed = new Map<string, Buffer>()

  /** Puts a file where the next scan finds it before anything that was recorded, for its name is older. */
  const place = Effect.fnUntraced(function*(bytes: number) {
    const key = `okx/ethusdt/trade/2026-03-14/${placed.size + 1}.parquet`
    const content = randomBytes(bytes)
    const local = path.join(dataDir, key)
    yield* fs.makeDirectory(path.dirname(local), { recursive: true })
    yield* fs.writeFile(local, content)
    placed.set(key, content)
    return {
      key,
      isHere: () => existsSync(local),
      isStored: () => content.equals(server.objects().get(key)?.body ?? Buffer.alloc(0)),
      object: () => server.objects().get(key)
    }
  })

  /** Ends a recorder in order once everything is stored, and compares the store with what was placed and what was sent. */
  const finish = Effect.fnUntraced(function*({ child, state }: Effect.Success<ReturnType<typeof start>>) {
    const enough = simulator.ledger.count + 100
    yield* simulator.until((ledger) => ledger.count > enough)
    yield* simulator.stopTraffic
    yield* simulator.flushed
    child.kill("SIGTERM")
    assert.strictEqual(yield* exited(child), 0, state.said)
    const left = yield* fs.readDirectory(dataDir, { recursive: true })
    assert.deepStrictEqual(left.filter((name) => name.endsWith(".parquet") || name.includes("quarantine")), [])
    for (const [key, content] of placed) {
      assert.isTrue(content.equals(server.objects().get(key)?.body ?? Buffer.alloc(0)))
    }
    for (const [key, { body }] of server.objects()) {
      if (placed.has(key)) continue
      const target = path.join(folder, "archive", key)
      yield* fs.makeDirectory(path.dirname(target), { recursive: true })
      yield* fs.writeFile(target, body)
    }
    const rows = yield* readRows(`${folder}/archive`)
    const { ledger } = simulator
    for (const { feedId, missing, recorded, surplus } of audit(ledger.entries(), ledger.connections(), rows)) {
      assert.deepStrictEqual([feedId, missing.length, surplus.length], [feedId, 0, 0])
      assert.isAbove(recorded, 0, feedId)
    }
  })
  return { server, place, finish, start: start(configPath, server) }
})

type Placed = Effect.Success<ReturnType<Effect.Success<ReturnType<typeof setUp>>["place"]>>

/** Waits for `effect`, and fails with what the recorder said if that ends first. */
const whileItRuns = <A>(
  { child, state }: Effect.Success<ReturnType<typeof start>>,
  effect: Effect.Effect<A>
): Effect.Effect<A> =>
  Effect.raceFirst(
    effect,
    Effect.flatMap(exited(child), (code) => Effect.die(new Error(`it ended with ${code}: ${state.said}`)))
  )

describe("a recorder that is killed at a step of an upload", () => {
  it.live("stores each file once, and removes it here only when it is proven", () =>
    Effect.gen(function*() {
      const { finish, place, server, start } = yield* setUp()
      /** What the kill before has left, with the object that the store had then. */
      let before: ReadonlyArray<Placed & { readonly stored: object | undefined }> = []
      let inTime = 0
      for (const instants of kills) {
        const files: Array<Placed & { readonly instant: Instant; readonly hold: Hold }> = []
        for (const instant of instants) {
          const file = yield* place(instant.bytes)
          files.push({ ...file, instant, hold: server.hold({ ...instant.step, key: file.key }) })
        }
        const recorder = yield* start
        yield* whileItRuns(recorder, Effect.forEach(files, ({ hold }) => hold.reached))
        // Older files come first, so what the kill before has left is done with when both are held.
        for (const { isHere, isStored, key, object, stored } of before) {
          assert.deepStrictEqual([key, isHere(), isStored()], [key, false, true])
          if (stored !== undefined) assert.strictEqual(object(), stored, "it was sent again")
        }
        const last = files.find(({ instant }) => instant.afterMillis !== null)
        if (last === undefined) recorder.child.kill("SIGKILL")
        else {
          yield* Effect.callback<void>((resume) => {
            last.hold.release(() => {
              block(last.instant.afterMillis ?? 0)
              recorder.child.kill("SIGKILL")
              resume(Effect.void)
            })
          })
        }
        assert.isNull(yield* exited(recorder.child), recorder.state.said)
        for (const { instant, isHere, isStored, key } of files) {
          assert.strictEqual(isStored(), instant.stored, `${key} at ${instant.step.operation}, ${instant.step.stage}`)
          if (instant.afterMillis === null) assert.isTrue(isHere(), key)
          else if (isHere()) inTime++
        }
        before = files.map((file) => Object.assign(file, { stored: file.object() }))
      }
      yield* finish(yield* start)
      // Of the uploads in parts that were not complete, which nobody can end any more.
      assert.strictEqual(server.uploads.size, 4)
      // A kill that comes with the answer is faster than anything that can be made of the answer.
      assert.isAtLeast(inTime, 1)
      yield* Console.log(
        `${kills.length} kills with two uploads each; ${inTime} between the proof and the removal of the file`
      )
    }).pipe(Effect.provide(NodeServices.layer)), 120_000)

  it.live(
    "whose PUT takes effect only while the next recorder sends the file again: it is there once",
    () =>
      Effect.gen(function*() {
        const { finish, place, server, start } = yield* setUp()
        const file = yield* place(whole)
        const late = server.hold({ operation: "PutObject", stage: "body", key: file.key })
        const first = yield* start
        yield* whileItRuns(first, late.reached)
        first.child.kill("SIGKILL")
        yield* exited(first.child)
        assert.isFalse(file.isStored())
        const again = server.hold({ operation: "PutObject", stage: "body", key: file.key })
        const second = yield* start
        yield* whileItRuns(second, again.reached)
        late.release()
        yield* until(file.isStored)
        const object = file.object()
        again.release()
        yield* whileItRuns(second, until(() => !file.isHere()))
        assert.strictEqual(file.object(), object)
        yield* finish(second)
      }).pipe(Effect.provide(NodeServices.layer)),
    60_000
  )
})
