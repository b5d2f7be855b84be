import { elsewhere, EVERYWHERE, passes, STOPPED, type Attack } from './attack.ts'

const NOBODY = 'setpriv --reuid=65534 --regid=65534 --clear-groups'
const GET = 'curl -sS -m 5 http://198.51.100.20/'
const plain = { says: /hello from/ } as const
const flows = /^198\.51\.100\.20 80$/
const FETCH = '-sS -m 5 http://198.51.100.20/'

/** Being another process, or doing away with who watches. */
export const PROCESSES: readonly Attack[] = [
  {
    technique: 'T1036.005 Match Legitimate Name or Location',
    what: 'a copy of an allowed program',
    tool: 'curl',
    under: 'app',
    attempt: `./copy ${FETCH}`,
    through: plain,
    flows,
    ...EVERYWHERE,
  },
  {
    technique: 'T1036.003 Rename Legitimate Utilities',
    what: 'another program under the argv[0] of an allowed one',
    tool: 'bash',
    under: 'app',
    attempt: `bash -c 'exec -a "$PWD/fetch" ./copy ${FETCH}'`,
    through: plain,
    flows,
    ...EVERYWHERE,
  },
  {
    technique: 'T1059.004 Unix Shell',
    what: 'an allowed program that is replaced by exec',
    tool: 'sh',
    under: 'app',
    attempt: `sh -c 'exec ./copy ${FETCH}'`,
    through: plain,
    flows,
    ...EVERYWHERE,
  },
  {
    technique: 'T1202 Indirect Command Execution',
    what: 'a grandchild whose parents are gone, in another session',
    tool: 'setsid',
    under: 'web',
    attempt: `(setsid ${GET} &); sleep 1`,
    through: plain,
    flows,
    ...EVERYWHERE,
  },
  {
    technique: 'T1548.001 Setuid and Setgid',
    what: 'a program that runs as another user',
    tool: 'setpriv',
    under: 'web',
    attempt: `${NOBODY} ${GET}`,
    through: plain,
    flows,
    ...EVERYWHERE,
  },
  {
    technique: 'T1611 Escape to Host',
    what: 'a user namespace, in which one is root',
    tool: 'unshare',
    under: 'web',
    attempt: `${NOBODY} unshare --user --map-root-user ${GET}`,
    through: plain,
    flows,
    ...EVERYWHERE,
  },
  {
    technique: 'T1562.001 Disable or Modify Tools',
    what: 'a child that leaves its cgroup, as an ordinary user',
    tool: 'sh',
    under: 'web',
    attempt: `${NOBODY} sh -c 'echo $$ >"$OUTSIDE/cgroup.procs"; ${GET}'`,
    through: plain,
    flows,
    ...EVERYWHERE,
  },
  {
    technique: 'T1562.001 Disable or Modify Tools',
    what: 'a child that leaves its cgroup, as root, where `up` guards one cgroup only',
    tool: 'sh',
    under: 'web',
    attempt: `echo $$ >"$OUTSIDE/cgroup.procs"; ${GET}`,
    through: plain,
    flows,
    endpoint: passes('root may move a process to where nothing guards; `up` without `--cgroup` guards everywhere'),
    gateway: STOPPED,
    run: STOPPED,
  },
  {
    technique: 'T1562.004 Disable or Modify System Firewall',
    what: 'a mark on the own packets',
    tool: 'python3',
    under: 'web',
    attempt: `python3 -c 'import socket
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, 36, 0x50000000)
s.settimeout(3)
s.connect(("198.51.100.50", 80))
s.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
print(s.recv(999).decode())'`,
    through: plain,
    flows: /^198\.51\.100\.50 80$/,
    ...EVERYWHERE,
  },
  {
    technique: 'T1562.004 Disable or Modify System Firewall',
    what: "all rules of the own machine's netfilter removed, as root",
    tool: 'nft',
    under: 'alone',
    attempt: `nft flush ruleset; iptables-nft -t raw -F; ip6tables-nft -t raw -F; ${GET}`,
    through: plain,
    flows,
    ...EVERYWHERE,
  },
  {
    technique: 'T1562.001 Disable or Modify Tools',
    what: 'the state of the agent removed, as an ordinary user',
    tool: 'rm',
    under: 'web',
    attempt: `${NOBODY} sh -c 'rm -rf "$STATE"/* /sys/fs/bpf/sallyport 2>/dev/null; ${GET}'`,
    through: plain,
    flows,
    ...EVERYWHERE,
  },
  {
    technique: 'T1562.001 Disable or Modify Tools',
    what: 'the agent killed, as an ordinary user',
    tool: 'kill',
    under: 'web',
    attempt: `${NOBODY} kill -9 $AGENT; ${GET}`,
    through: plain,
    flows,
    endpoint: STOPPED,
    gateway: elsewhere('the agent runs on another machine'),
    run: elsewhere('it is the run that all of this is tried in'),
  },
  {
    technique: 'T1036.003 Rename Legitimate Utilities',
    what: 'an allowed program, under another name',
    tool: 'curl',
    under: 'app',
    attempt: `mv tool renamed; ./renamed ${FETCH}`,
    through: plain,
    flows,
    ...EVERYWHERE,
  },
]
