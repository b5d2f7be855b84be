import { Command, CommanderError } from 'commander'
import { SallyportError } from '@sallyport/policy'
import { checkCommand } from './commands/check.ts'
import { decideCommand } from './commands/decide.ts'
import { diffCommand } from './commands/diff.ts'
import { doctorCommand } from './commands/doctor.ts'
import { explainCommand } from './commands/explain.ts'
import { reachCommand } from './commands/reach.ts'
import { runCommand } from './commands/run.ts'
import { examples } from './input/options.ts'
import { version } from './version.ts'

const COMMANDS = [runCommand, checkCommand, decideCommand, explainCommand, diffCommand, reachCommand, doctorCommand]

/** Parses the arguments and runs the command; the exit code is 0 unless the command says otherwise. */
export async function runProgram(args: readonly string[]): Promise<number> {
  const program = new Command('sallyport')
    .description('Decides what may leave this machine, enforces it, shows it, and proves it.')
    .version(version(), '-V, --version')
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .addHelpText(
      'after',
      examples('sallyport run --allow github.com -- git clone https://github.com/nodejs/undici', 'sallyport check policy.yaml'),
    )
  let exitCode = 0
  for (const build of COMMANDS) program.addCommand(build((code) => (exitCode = code)))
  let usage = ''
  for (const command of [program, ...program.commands]) {
    command.exitOverride().showSuggestionAfterError().configureOutput({ writeErr: (text) => (usage += text) })
  }
  try {
    await program.parseAsync([...args], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return 0
    throw usageError(args, error, usage)
  }
  return exitCode
}

function usageError(args: readonly string[], error: CommanderError, printed: string): SallyportError {
  if (args.length === 0) return new SallyportError('usage', 'no command given', { remedy: printed.trimEnd() })
  const text = error.message === '(outputHelp)' ? printed : error.message
  return new SallyportError('usage', text.replace(/^error: /, '').trimEnd())
}
