import { Command, CommanderError } from 'commander'
import { ERRORS, SallyportError } from '@sallyport/policy'
import type { BuildCommand } from './commands/answer.ts'
import { examples } from './input/options.ts'
import { version } from './version.ts'

/** Only the command that is asked for is loaded: `--version` need not wait for a compiler. */
export const COMMANDS: Readonly<Record<string, () => Promise<BuildCommand>>> = {
  up: async () => (await import('./commands/up.ts')).upCommand,
  run: async () => (await import('./commands/run.ts')).runCommand,
  gateway: async () => (await import('./commands/gateway.ts')).gatewayCommand,
  check: async () => (await import('./commands/check.ts')).checkCommand,
  decide: async () => (await import('./commands/decide.ts')).decideCommand,
  explain: async () => (await import('./commands/explain.ts')).explainCommand,
  diff: async () => (await import('./commands/diff.ts')).diffCommand,
  reach: async () => (await import('./commands/reach.ts')).reachCommand,
  identify: async () => (await import('./commands/identify.ts')).identifyCommand,
  feeds: async () => (await import('./commands/feeds.ts')).feedsCommand,
  services: async () => (await import('./commands/services.ts')).servicesCommand,
  geo: async () => (await import('./commands/geo.ts')).geoCommand,
  dns: async () => (await import('./commands/dns.ts')).dnsCommand,
  dlp: async () => (await import('./commands/dlp.ts')).dlpCommand,
  proxy: async () => (await import('./commands/proxy.ts')).proxyCommand,
  flows: async () => (await import('./commands/flows.ts')).flowsCommand,
  top: async () => (await import('./commands/top.ts')).topCommand,
  alerts: async () => (await import('./commands/alerts.ts')).alertsCommand,
  learn: async () => (await import('./commands/learn.ts')).learnCommand,
  simulate: async () => (await import('./commands/simulate.ts')).simulateCommand,
  apply: async () => (await import('./commands/apply.ts')).applyCommand,
  confirm: async () => (await import('./commands/confirm.ts')).confirmCommand,
  rollback: async () => (await import('./commands/rollback.ts')).rollbackCommand,
  status: async () => (await import('./commands/status.ts')).statusCommand,
  migrate: async () => (await import('./commands/migrate.ts')).migrateCommand,
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommand,
}

/** Parses the arguments and runs the command; the exit code is 0 unless the command says otherwise. */
export async function runProgram(given: readonly string[]): Promise<number> {
  const args = spelledOut(given)
  let exitCode = 0
  let usage = ''
  let failed = 'sallyport'
  const program = rootCommand()
  for (const load of wantedCommands(args)) program.addCommand((await load())((code) => (exitCode = code)))
  for (const command of withSubcommands(program)) {
    const writeErr = (text: string): void => {
      usage += text
      failed = pathOf(command)
    }
    command.exitOverride().configureOutput({ writeErr })
  }
  try {
    await program.parseAsync([...args], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw withCommand(error, args[0] ?? '')
    if (error.exitCode === 0) return 0
    throw usageError(error, usage, failed)
  }
  return exitCode
}

/** `help check` is `check --help`; what is no command is told so, even where help is asked for. */
function spelledOut(args: readonly string[]): readonly string[] {
  const asked = args[0] === 'help' && args.length > 1 ? [...args.slice(1), '--help'] : args
  const [first] = asked
  if (first === undefined || first === 'help' || first.startsWith('-') || Object.hasOwn(COMMANDS, first)) return asked
  return [first]
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`
}

function withSubcommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)]
}

function rootCommand(): Command {
  return new Command('sallyport')
    .description('Decides what may leave this machine, enforces it, shows it, and proves it.')
    .version(version(), '-V, --version')
    .enablePositionalOptions()
    .addHelpText(
      'after',
      examples(
        'sallyport run --allow github.com -- git clone https://github.com/nodejs/undici',
        'sallyport check policy.yaml',
      ),
    )
}

/** All of them for help, and to know the nearest to a name that is none. */
function wantedCommands(args: readonly string[]): readonly (() => Promise<BuildCommand>)[] {
  const named = COMMANDS[args[0] ?? '']
  if (named !== undefined && Object.hasOwn(COMMANDS, args[0] ?? '')) return [named]
  return args.length === 1 && ['-V', '--version'].includes(args[0]!) ? [] : Object.values(COMMANDS)
}

function usageError({ message }: CommanderError, printed: string, command: string): SallyportError {
  if (message === '(outputHelp)') return new SallyportError('usage', 'no command given', { remedy: printed.trimEnd() })
  return new SallyportError('usage', message.replace(/^error: /, ''), { remedy: `See \`${command} --help\`.` })
}

/** A command says what is wrong with its arguments, and not which command it is. */
function withCommand(error: unknown, name: string): unknown {
  const isBare = error instanceof SallyportError && error.code === 'usage' && error.remedy === ERRORS.usage.remedy
  if (!isBare || !Object.hasOwn(COMMANDS, name)) return error
  return new SallyportError('usage', error.message, { remedy: `See \`sallyport ${name} --help\`.` })
}
