/** Between two ends it serves one peer, so it begins anew when that one has gone. */
const openvpn = (transport: string): string =>
  `while :; do openvpn --tls-server --proto ${transport} --local 198.51.100.62 --port 443 --dev null --ping 1 --ping-exit 3 \
    --ca cert.pem --cert cert.pem --key key.pem --dh none; sleep 0.1; done`

/** Servers of the tools that attacks use, for sh(1) in the folder of the lab, and what they say when they answer. */
export const SERVERS: Readonly<Record<string, { readonly command: string; readonly ready: string | RegExp }>> = {
  resolver: {
    command: `exec dnsmasq --no-daemon --conf-file=/dev/null --user=root --listen-address=$RESOLVER --bind-interfaces --no-resolv --no-hosts \
      --log-queries --log-facility=- --host-record=allowed.test,198.51.100.10,2001:db8:1::10 \
      --host-record=denied.test,198.51.100.20,2001:db8:1::20 --host-record=xn--bcher-kva.test,198.51.100.20 \
      --host-record=shared-a.test,198.51.100.50 --host-record=shared-b.test,198.51.100.50 \
      --host-record=redirect.test,198.51.100.66 --host-record=rebind.example.org,10.77.0.1 --address=/exfil.test/198.51.100.67 \
      --server=/t.tunnel.test/198.51.100.60 --server=/d.tunnel.test/198.51.100.59`,
    ready: 'started',
  },
  ssh: {
    command: 'exec /usr/sbin/sshd -D -e -f sshd.conf -h "$PWD/host" -o "AuthorizedKeysFile=$PWD/user.pub"',
    ready: /listening.*443/,
  },
  'openvpn over TCP': { command: openvpn('tcp-server'), ready: 'Listening for incoming' },
  'openvpn over UDP': { command: openvpn('udp'), ready: 'UDPv4 link local' },
  stunnel: { command: 'exec stunnel4 stunnel-server.conf', ready: 'Configuration successful' },
  iodine: {
    command: `exec unshare --mount sh -c 'mount -t tmpfs tmpfs /dev/net && mknod /dev/net/tun c 10 200 &&
      exec iodined -f -c -P secret -l 198.51.100.60 10.99.0.1 t.tunnel.test'`,
    ready: 'Listening to dns',
  },
  dns2tcp: { command: 'exec dns2tcpd -F -d 1 -f dns2tcpd.conf', ready: /Starting Server|Listening/i },
  'ptunnel-ng': { command: 'echo ready; exec ptunnel-ng', ready: 'ready' },
  proxy: { command: 'exec ncat -vlk --proxy-type http 198.51.100.65 8080', ready: 'Listening' },
  redirect: {
    command: 'exec socat -d -d TCP4-LISTEN:80,bind=198.51.100.66,fork,reuseaddr EXEC:./redirect',
    ready: 'listening',
  },
  'DNS over TLS': {
    command:
      'exec socat -d -d OPENSSL-LISTEN:853,bind=198.51.100.71,fork,reuseaddr,cert=cert.pem,key=key.pem,verify=0 PIPE',
    ready: 'listening',
  },
  mail: {
    command: 'echo ready; exec python3 -uW ignore -m smtpd -n -c DebuggingServer 198.51.100.67:587',
    ready: 'ready',
  },
  ftp: { command: 'echo ready; exec vsftpd ftpd.conf -oanon_root="$PWD/ftp"', ready: 'ready' },
  tor: { command: 'exec tor -f torrc', ready: /Opened OR listener/ },
}
