const FORWARDED = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const

/** Keys on a terminal go to the whole foreground group, the command included: once is enough. */
const FROM_KEYBOARD: ReadonlySet<string> = new Set(['SIGINT', 'SIGQUIT', 'SIGWINCH'])

/** Passes signals on to the command for as long as the scope lives, so that it ends as if it ran alone. */
export function forwardSignals(send: (signal: NodeJS.Signals) => void): Disposable {
  const onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
  const listeners = FORWARDED.map((signal) => {
    const listener = (): void => {
      if (!(onTerminal && FROM_KEYBOARD.has(signal))) send(signal)
    }
    process.on(signal, listener)
    return { signal, listener }
  })
  return {
    [Symbol.dispose]: () => {
      for (const { signal, listener } of listeners) process.off(signal, listener)
    },
  }
}
