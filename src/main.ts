import { enableCompileCache } from "node:module"
import { isatty } from "node:tty"
import { fileURLToPath } from "node:url"
import { setFlagsFromString } from "node:v8"

// Rows wait in buffers outside of the heap. V8 13 compares their bytes with a limit that is meant for the heap alone, and then walks
// through the whole heap over and over, to no purpose: half of the time of recording books. Compared with a limit for both, that is to
// be a third above what was needed last, so that garbage does not pile up instead. Another V8 may not know these flags.
if (process.versions.v8.startsWith("13.6.")) {
  setFlagsFromString("--external-memory-accounted-in-global-limit")
  setFlagsFromString("--heap-growing-percent=30")
}

// What was compiled once need not be at the next start; where nothing can be kept there, it is.
enableCompileCache(fileURLToPath(new URL("../node_modules/.cache/ticklake", import.meta.url)))

// Nothing of ours is imported before the signals are listened to: loading the program takes most of its start, and a signal that
// comes meanwhile is a requested stop like any other.
let started = false
let signals = 0
// npm hands on the Ctrl-C that the terminal has sent to both of us: one of the same kind this soon is an echo.
const echoMillis = 1000
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  let heardAt = -Infinity
  process.on(signal, () => {
    const now = performance.now()
    if (now - heardAt < echoMillis) return
    heardAt = now
    signals++
    // Who sends a second one does not want to wait for the program to wind down.
    if (signals > 1) process.exit(130)
    // Nothing has been opened yet.
    if (!started) process.exit(0)
  })
}

// A recorder reads its configuration again; until it has read it for the first time there is nothing to do. Who closes the
// terminal that it runs in wants it to stop like anyone else, and so does whoever sends this to another command.
const reloads = process.argv.includes("run")
const terminals = [0, 1, 2].filter((fd) => isatty(fd))
process.on("SIGHUP", () => {
  if (!reloads || terminals.some((fd) => !isatty(fd))) process.kill(process.pid, "SIGTERM")
})

// The signal of a terminal that closes comes at once, if at all; what comes later is from somebody else.
const hangupMillis = 1000

// A reader of our output that goes away, such as `head`, a log shipper or a terminal, is no reason to stop as if by a bug. A recorder
// goes on whatever becomes of its output, such as that the disk is full that it is redirected to.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EIO") setTimeout(() => terminals.splice(0), hangupMillis).unref()
    else if (error.code !== "EPIPE" && !reloads) throw error
  })
}

// Who holds up a terminal with Ctrl-S, or a session that hangs, holds up its own lines and not the recording: Node.js would wait for it.
interface Handle {
  readonly setBlocking?: (blocking: boolean) => void
}
const handleOf = (stream: NodeJS.WriteStream): Handle | undefined =>
  "_handle" in stream ? (stream._handle as Handle | undefined) : undefined
if (reloads) {
  for (const stream of [process.stdout, process.stderr]) if (stream.isTTY) handleOf(stream)?.setBlocking?.(false)
}

const { start } = await import("./cli/ticklake.ts")
started = true
start()
