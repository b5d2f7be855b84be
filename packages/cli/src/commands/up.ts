import { Command, Option } from 'commander'
import { serveHost, type HostStatus } from '@sallyport/agent'
import type { Mode } from '@sallyport/policy'
import { author } from '../input/author.ts'
import { stateOption } from '../input/host-socket.ts'
import { examples, feedOption, jsonOption, repeatable } from '../input/options.ts'
import { readPolicyTexts } from '../input/policy-texts.ts'
import { parseUpstream } from '../input/upstream.ts'
import { readEnforcedWorld } from '../input/feed-refresh.ts'
import { describeHost } from '../output/host-status.ts'
import { note } from '../output/print.ts'

type Options = {
  readonly policy: readonly string[]
  readonly mode?: Mode
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
  await serveHost(
    {
      stateDirectory: options.state,
      cgroupPath: options.cgroup ?? null,
      upstreams: options.upstream.map(parseUpstream),
      files: await readPolicyTexts(options.policy),
      mode: options.mode ?? null,
      author: author(),
      worldFor: (policy) => readEnforcedWorld(options.feed, policy),
      onNotice: (text) => note(`sallyport: ${text}`),
    },
    (status) => announce(status, options.json === true),
    stopped.signal,
  )
}

function announce(status: HostStatus, asJson: boolean): void {
  note(asJson ? JSON.stringify({ event: 'ready', ...status }) : describeHost(status, Date.now()))
}
