import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import type { Answer } from "./answering.ts"
import type { Usage } from "./processes/probe.ts"

/** A process of the bench, or one that it measures. */
export interface Child {
  readonly process: ChildProcess
  readonly ask: <A>(question: string, value?: unknown) => Promise<A>
  readonly usage: () => Promise<Usage>
  /** Has it end in order; fails where it does not. */
  readonly stop: () => Promise<void>
}

const answerWithinMillis = 60_000
const stopWithinMillis = 120_000
const running = new Set<ChildProcess>()

/** Ends what was started and has not been stopped. */
export const endAll = (): void => {
  for (const child of running) child.kill("SIGKILL")
}
process.on("exit", endAll)
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130))

const probe = new URL("processes/probe.ts", import.meta.url).href

/** Starts a module with a probe in it. */
export const start = (
  module: URL,
  args: ReadonlyArray<string>,
  nodeFlags: ReadonlyArray<string> = [],
  env: Readonly<Record<string, string>> = {}
): Child => {
  const child = fork(module, args, {
    env: { ...process.env, ...env },
    execArgv: ["--import", probe, ...nodeFlags],
    stdio: ["ignore", "ignore", "pipe", "ipc"]
  })
  running.add(child)
  let errors = ""
  child.stderr?.on("data", (text) => {
    errors = `${errors}${String(text)}`.slice(-2000)
  })
  const exited = once(child, "exit").then(() => running.delete(child))
  const waiting = new Map<number, (value: unknown) => void>()
  child.on("message", ({ id, value }: Answer) => {
    waiting.get(id)?.(value)
    waiting.delete(id)
  })
  let questions = 0
  const ask = <A>(question: string, value: unknown = null): Promise<A> =>
    new Promise((resolve, reject) => {
      const id = ++questions
      const limit = setTimeout(
        () => reject(new Error(`${module.pathname} does not answer ${question}: ${errors}`)),
        answerWithinMillis
      )
      waiting.set(id, (answer) => {
        clearTimeout(limit)
        resolve(answer as A)
      })
      child.send({ id, ask: question, value })
    })
  const stop = async () => {
    const limit = setTimeout(() => child.kill("SIGKILL"), stopWithinMillis)
    child.kill("SIGTERM")
    await exited
    clearTimeout(limit)
    if (child.exitCode !== 0) throw new Error(`${module.pathname} ended with ${child.exitCode}: ${errors}`)
  }
  return { process: child, ask, usage: () => ask("usage"), stop }
}

/** Waits for the word that a process of the bench has begun. */
export const begun = async (child: Child): Promise<void> => {
  await once(child.process, "message")
}
