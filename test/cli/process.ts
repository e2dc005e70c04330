import { Effect, FileSystem } from "effect"
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"

const main = new URL("../../src/main.ts", import.meta.url).pathname

/** Starts `ticklake run` as a process of its own, and collects what it says; in `given`, or in a folder of its own. */
export const start = Effect.fnUntraced(function*(
  config: string,
  given?: string,
  environment: Readonly<Record<string, string>> = {}
) {
  const fs = yield* FileSystem.FileSystem
  const folder = given ?? (yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-run-" }))
  const path = `${folder}/config.toml`
  yield* fs.writeFileString(path, config.replaceAll("FOLDER", folder))
  const env = { ...process.env, ...environment }
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, [main, "run", "--config", path], { cwd: folder, env })),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  const state = { said: "", code: null as number | null, ended: false }
  child.stdout.on("data", (chunk: Buffer) => {
    state.said += chunk.toString()
  })
  child.stderr.on("data", (chunk: Buffer) => {
    state.said += chunk.toString()
  })
  child.on("exit", (code) => {
    state.code = code
    state.ended = true
  })
  return { child, folder, state }
})

/** Whether the process `pid` listens to SIGHUP, which node itself does not: then it listens to the others as well. */
export const listens = (pid: number): boolean => {
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "0"
  return (BigInt(`0x${caught}`) & 1n) === 1n
}

/** What the log files of `ticklake run` say, line by line. */
export const logged = Effect.fnUntraced(function*(folder: string) {
  const fs = yield* FileSystem.FileSystem
  const lines: Array<Readonly<Record<string, unknown>>> = []
  for (const name of yield* fs.readDirectory(`${folder}/logs`)) {
    const text = yield* fs.readFileString(`${folder}/logs/${name}`)
    for (const line of text.split("\n").slice(0, -1)) lines.push(JSON.parse(line))
  }
  return lines
})
