/** Who is on the lab's network; the same address never serves two names, except where a test is about just that. */
export const HOSTS: Readonly<Record<string, readonly string[]>> = {
  'allowed.test': ['198.51.100.10', '2001:db8:1::10'],
  'denied.test': ['198.51.100.20', '2001:db8:1::20'],
  'six.test': ['2001:db8:1::30'],
  'git.test': ['198.51.100.40'],
  'git6.test': ['2001:db8:1::40'],
  'shared-a.test': ['198.51.100.50'],
  'shared-b.test': ['198.51.100.50'],
}

export const RESOLVER = '198.51.100.1'
