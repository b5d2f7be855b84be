import { fact, service, web, type Service } from './service.ts'

/**
 * Clouds and content networks. Their ranges hold whatever their customers run: a rule that allows one by address allows all of
 * it. `services update` adds the ranges of AWS, Azure, Google Cloud and Oracle, by region and product.
 */
export const CLOUDS: Readonly<Record<string, Service>> = {
  'aws-console': web(
    'AWS console and sign-in',
    `.console.aws.amazon.com console.aws.amazon.com .signin.aws.amazon.com signin.aws.amazon.com .console.aws.a2z.com
      aws.amazon.com docs.aws.amazon.com .awsstatic.com sts.amazonaws.com iam.amazonaws.com`,
    'https://docs.aws.amazon.com/awsconsolehelpdocs/latest/gsg/allowed-domains.html',
  ),
  cloudflare: service(
    'Cloudflare',
    fact('https://developers.cloudflare.com/fundamentals/reference/', { domains: 'cloudflare.com *.cloudflare.com' }),
  ),
  'cloudflare-network': service(
    'Cloudflare network',
    fact('https://www.cloudflare.com/ips/', {
      prefixes: `173.245.48.0/20 103.21.244.0/22 103.22.200.0/22 103.31.4.0/22 141.101.64.0/18 108.162.192.0/18
        190.93.240.0/20 188.114.96.0/20 197.234.240.0/22 198.41.128.0/17 162.158.0.0/15 104.16.0.0/13 104.24.0.0/14
        172.64.0.0/13 131.0.72.0/22 2400:cb00::/32 2606:4700::/32 2803:f800::/32 2405:b500::/32 2405:8100::/32
        2a06:98c0::/29 2c0f:f248::/32`,
      ports: 'tcp/80 tcp/443 udp/443',
    }),
  ),
  'fastly-network': service(
    'Fastly network',
    fact('https://api.fastly.com/public-ip-list', {
      prefixes: `23.235.32.0/20 43.249.72.0/22 103.244.50.0/24 103.245.222.0/23 103.245.224.0/24 104.156.80.0/20
        140.248.64.0/18 140.248.128.0/17 146.75.0.0/17 151.101.0.0/16 157.52.64.0/18 167.82.0.0/17 167.82.128.0/20
        167.82.160.0/20 167.82.224.0/20 172.111.64.0/18 185.31.16.0/22 199.27.72.0/21 199.232.0.0/16 2a04:4e40::/32
        2a04:4e42::/32`,
      ports: 'tcp/80 tcp/443 udp/443',
    }),
  ),
  digitalocean: web(
    'DigitalOcean console',
    'cloud.digitalocean.com api.digitalocean.com www.digitalocean.com registry.digitalocean.com',
    'https://docs.digitalocean.com/reference/api/',
  ),
  linode: web(
    'Akamai Cloud (Linode) console',
    'cloud.linode.com api.linode.com login.linode.com',
    'https://techdocs.akamai.com/linode-api/reference/api',
  ),
  hetzner: web(
    'Hetzner console',
    'console.hetzner.cloud console.hetzner.com api.hetzner.cloud accounts.hetzner.com robot.hetzner.com',
    'https://docs.hetzner.cloud',
  ),
  ovhcloud: web(
    'OVHcloud console',
    'api.ovh.com eu.api.ovh.com www.ovh.com manager.eu.ovhcloud.com',
    'https://api.ovh.com',
  ),
  scaleway: web(
    'Scaleway console',
    'console.scaleway.com api.scaleway.com',
    'https://www.scaleway.com/en/developers/api/',
  ),
  heroku: web('Heroku', 'heroku.com *.heroku.com', 'https://devcenter.heroku.com'),
  'fly-io': web('Fly.io', 'fly.io *.fly.io api.machines.dev', 'https://fly.io/docs'),
  'lets-encrypt': service(
    "Let's Encrypt",
    fact('https://letsencrypt.org/docs/integration-guide/', {
      domains: '.letsencrypt.org .lencr.org',
      ports: 'tcp/80 tcp/443',
    }),
  ),
  digicert: service(
    'DigiCert',
    fact('https://knowledge.digicert.com', { domains: '.digicert.com', ports: 'tcp/80 tcp/443' }),
  ),
}
