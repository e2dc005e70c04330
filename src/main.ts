// Nothing is imported before the signals are listened to: loading the program takes most of its start, and a signal that
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

// Who closes a terminal wants the recorder to stop like anyone else.
process.on("SIGHUP", () => process.kill(process.pid, "SIGTERM"))

// A reader of our output that goes away, such as `head` or a log shipper, is no reason to stop recording.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error
  })
}

const { start } = await import("./cli/ticklake.ts")
started = true
start()
