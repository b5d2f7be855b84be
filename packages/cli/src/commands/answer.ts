import type { Command } from 'commander'

/** How a command says its exit code: 0 is yes, 1 is no; errors are thrown. */
export type Answer = (exitCode: number) => void
export type BuildCommand = (answer: Answer) => Command
