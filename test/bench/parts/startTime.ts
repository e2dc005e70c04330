import { spawn } from "node:child_process"
import { once } from "node:events"
import { type Figure, median, rangeOf } from "../figures.ts"
import { startSender, trades } from "../load.ts"
import type { Form } from "../part.ts"
import { main, removeFolder, temporaryFolder, writeConfig } from "../recorder.ts"

const root = new URL("../../..", import.meta.url)

/** Seconds until a command has ended. */
const timed = async (command: string, args: ReadonlyArray<string>): Promise<number> => {
  const startedAt = performance.now()
  const [code] = await once(spawn(command, args, { cwd: root, stdio: "ignore" }), "exit")
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}`)
  return (performance.now() - startedAt) / 1000
}

const firstConnection = async (): Promise<number> => {
  const sender = await startSender(trades)
  const folder = temporaryFolder()
  const { path } = await writeConfig(folder, trades, sender.url)
  const startedAt = Date.now()
  const recorder = spawn(process.execPath, [main.pathname, "run", "--config", path], { stdio: "ignore" })
  const { firstConnectionAt } = await sender.allConnected(30)
  recorder.kill("SIGTERM")
  await once(recorder, "exit")
  await sender.child.stop()
  removeFolder(folder)
  return ((firstConnectionAt ?? NaN) - startedAt) / 1000
}

/** How long it takes until something happens. */
export const startTime = async ({ short }: Form): Promise<ReadonlyArray<Figure>> => {
  const rounds = short ? 2 : 5
  const [connected, help, bare]: [Array<number>, Array<number>, Array<number>] = [[], [], []]
  for (let round = 0; round < rounds; round++) {
    connected.push(await firstConnection())
    help.push(await timed("npm", ["run", "ticklake", "--", "--help"]))
    bare.push(await timed("npm", ["--version"]))
  }
  const part = "start"
  return [
    {
      part,
      name: "start to first connection",
      value: median(connected),
      unit: "s",
      range: rangeOf(connected),
      target: { atMost: 1.5 }
    },
    {
      part,
      name: "npm run ticklake -- --help",
      value: median(help),
      unit: "s",
      range: rangeOf(help),
      target: { atMost: 0.7 }
    },
    { part, name: "npm --version, for comparison", value: median(bare), unit: "s", range: rangeOf(bare) }
  ]
}
