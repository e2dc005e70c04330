import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Console, Effect } from "effect"
import { Command } from "effect/cli"
import { spawnSync } from "node:child_process"
import { check } from "../../src/cli/check.ts"
import { coverage } from "../../src/cli/coverage.ts"
import { demo } from "../../src/cli/demo.ts"
import { fsck } from "../../src/cli/fsck.ts"
import { inspect } from "../../src/cli/inspect.ts"
import { run } from "../../src/cli/run.ts"
import { simulate } from "../../src/cli/simulate.ts"
import packageJson from "../../package.json" with { type: "json" }

const main = new URL("../../src/main.ts", import.meta.url).pathname
const ticklake = (...args: ReadonlyArray<string>) => {
  const { status, stderr, stdout } = spawnSync(process.execPath, [main, ...args], { encoding: "utf8" })
  assert.strictEqual(status, 0, stderr)
  return stdout
}

const commands = [run, check, inspect, coverage, fsck, demo, simulate]

/** The command line with commands that do nothing, and what is said when it is given `args`. */
const parsed = Effect.fnUntraced(function*(args: ReadonlyArray<string>) {
  const lines: Array<string> = []
  const log = (...said: ReadonlyArray<unknown>) => void lines.push(said.join(" "))
  const idle = () => Effect.void
  const root = Command.make("ticklake").pipe(Command.withSubcommands([
    run.pipe(Command.withHandler(idle)),
    check.pipe(Command.withHandler(idle)),
    inspect.pipe(Command.withHandler(idle)),
    coverage.pipe(Command.withHandler(idle)),
    fsck.pipe(Command.withHandler(idle)),
    demo.pipe(Command.withHandler(idle)),
    simulate.pipe(Command.withHandler(idle))
  ]))
  yield* Command.runWith(root, { version: "0" })(args).pipe(
    Effect.provideService(Console.Console, { ...console, log }),
    Effect.provide(NodeServices.layer)
  )
  return lines.join("\n")
})

/** The lines of a section of a help text. */
const section = (help: string, title: string): ReadonlyArray<string> =>
  (help.split(`\n${title}\n`)[1]?.split("\n\n")[0] ?? "").split("\n")

describe("help", () => {
  it("without a command says which there are, as --help does, and --version is that of the package", () => {
    const help = ticklake()
    assert.strictEqual(ticklake("--help"), help)
    assert.deepStrictEqual(
      section(help, "SUBCOMMANDS").map((line) => line.trim().split(/\s+/)[0] ?? "").filter((name) => name !== ""),
      commands.map(({ name }) => name)
    )
    assert.include(ticklake("--version"), packageJson.version)
  })

  for (const { examples, name } of commands) {
    it.effect(`of ${name} describes each flag and gives examples that can be parsed`, () =>
      Effect.gen(function*() {
        const help = yield* parsed([name, "--help"])
        const flags = section(help, "FLAGS").filter((line) => /^ {2}--/.test(line))
        assert.isNotEmpty(flags)
        for (const line of flags) assert.match(line, /^ {2}--\S.* {4}\S.{10}/)
        assert.isAtLeast(examples.length, 2)
        for (const { command } of examples) {
          assert.include(help, command)
          const [program, ...args] = command.replace(/^[A-Z_]+=\S+ /, "").split(" ")
          assert.deepStrictEqual([program, args[0]], ["ticklake", name])
          assert.strictEqual(yield* parsed(args), "")
        }
      }))
  }

  it("does not load what only a handler needs", () => {
    const { stdout } = spawnSync(process.execPath, [
      "--import",
      "data:text/javascript,import{registerHooks}from'node:module';const f=s=>console.log('LOADED '+s);registerHooks({resolve(s,c,n){f(s);return n(s,c)}})",
      main,
      "--help"
    ], { encoding: "utf8" })
    assert.include(stdout, "LOADED effect/cli")
    assert.notMatch(stdout, /LOADED .*(aws-sdk|parquetjs|duckdb|^ws$|loadConfig|App\.ts|Simulator\.ts|\/handle\.ts)/)
  })

  it("shells find commands, flags and files", () => {
    for (const shell of ["bash", "zsh", "fish"]) {
      const script = ticklake("--completions", shell)
      for (const word of ["inspect", "repair", "connect", "fault"]) assert.include(script, word)
    }
    const script = ticklake("--completions", "bash")
    const asked = `complete_for() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=\${#COMP_LINE}
      _ticklake ticklake "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD-1]}"; echo "\${COMPREPLY[*]}"; }
      complete_for ticklake in; complete_for ticklake check --conn; complete_for ticklake inspect src/mai; complete_for ticklake run -c config.t`
    const { stderr, stdout } = spawnSync("bash", ["-c", `${script}\n${asked}`], { encoding: "utf8" })
    assert.strictEqual(stdout, "inspect\n--connect\nsrc/main.ts\nconfig.toml\n", stderr)
  })
})
