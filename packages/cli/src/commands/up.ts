import { Command, Option } from 'commander'
import { hostGuarding, serveHost } from '@sallyport/agent'
import type { Mode } from '@sallyport/policy'
import { author } from '../input/author.ts'
import { stateOption } from '../input/host-socket.ts'
import { examples, feedOption, jsonOption, repeatable } from '../input/options.ts'
import { readPolicyTexts } from '../input/policy-texts.ts'
import { parseEndpoint } from '../input/resolver-addresses.ts'
import { parseUpstream } from '../input/upstream.ts'
import { readHostWorld } from '../input/host-world.ts'
import { keepDesk } from '../keep-desk.ts'
import { announceDesk, announceHost } from '../output/host-ready.ts'
import { note } from '../output/print.ts'

type Options = {
  readonly policy: readonly string[]
  readonly mode?: Mode
  readonly listen: string
  readonly console: boolean
  readonly feed: readonly string[]
  readonly upstream: readonly string[]
  readonly cgroup?: string
  readonly state: string
  readonly json?: boolean
}

export function upCommand(): Command {
  return new Command('up')
    .description('guard this host: everything that leaves is seen; nothing is stopped unless told')
    .addOption(repeatable('--policy <file>', 'a policy file to apply at the start; several are layers'))
    .addOption(
      new Option('--mode <mode>', 'only watch, or enforce; as last applied, at first monitor').choices([
        'monitor',
        'enforce',
      ]),
    )
    .option('--listen <address:port>', 'where the console and the API answer, on loopback', '127.0.0.1:7117')
    .option('--no-console', 'neither console nor API; flows wait in the spool')
    .addOption(feedOption())
    .addOption(repeatable('--upstream <address>', 'a DNS server to ask instead of those of this host'))
    .option('--cgroup <path>', 'guard the processes of this cgroup instead of the whole host')
    .addOption(stateOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('sallyport up', 'sallyport up --policy policy.yaml --mode enforce'))
    .action(async (options: Options) => up(options))
}

/** Runs until SIGTERM or SIGINT, and leaves nothing in the kernel then. */
async function up(options: Options): Promise<void> {
  const stopped = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopped.abort())
  const onNotice = (text: string): void => note(`sallyport: ${text}`)
  const listen = parseEndpoint('--listen', options.listen)
  const asJson = options.json === true
  let desk: Promise<void> = Promise.resolve()
  const startDesk = (): Promise<void> =>
    keepDesk(
      { stateDirectory: options.state, listen, feeds: options.feed },
      (ready) => announceDesk(ready, asJson),
      onNotice,
      stopped.signal,
    )
  await serveHost(
    {
      stateDirectory: options.state,
      guarding: await hostGuarding(options.cgroup ?? null, options.upstream.map(parseUpstream)),
      files: await readPolicyTexts(options.policy),
      mode: options.mode ?? null,
      author: author(),
      worldFor: (policy) => readHostWorld(options.feed, policy),
      onNotice,
    },
    (status) => {
      announceHost(status, asJson)
      if (options.console) desk = startDesk()
    },
    stopped.signal,
  )
  await desk
}
