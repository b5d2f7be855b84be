import { fact, service, web, type Service } from './service.ts'

export const DEVELOPMENT: Readonly<Record<string, Service>> = {
  github: service(
    'GitHub',
    fact(
      'https://docs.github.com/en/get-started/using-github/allowing-access-to-githubs-services-from-a-restricted-network',
      {
        domains: `github.com *.github.com .githubassets.com .ghcr.io .github.dev raw.githubusercontent.com
        objects.githubusercontent.com release-assets.githubusercontent.com avatars.githubusercontent.com
        avatars0.githubusercontent.com avatars1.githubusercontent.com avatars2.githubusercontent.com
        avatars3.githubusercontent.com user-images.githubusercontent.com private-user-images.githubusercontent.com
        camo.githubusercontent.com cloud.githubusercontent.com media.githubusercontent.com gist.githubusercontent.com
        opengraph.githubassets.com pkg-containers.githubusercontent.com .actions.githubusercontent.com
        github-cloud.githubusercontent.com .githubcopilot.com`,
        ports: 'tcp/443 tcp/22 tcp/80',
      },
    ),
    fact('https://api.github.com/meta', {
      prefixes: '140.82.112.0/20 143.55.64.0/20 192.30.252.0/22 2a0a:a440::/29',
      ports: 'tcp/443 tcp/22 tcp/80',
    }),
  ),
  gitlab: service(
    'GitLab.com',
    fact('https://docs.gitlab.com/user/gitlab_com/', {
      domains: 'gitlab.com *.gitlab.com .gitlab-static.net',
      prefixes: '172.65.251.78/32 34.74.90.64/28 34.74.226.0/24',
      ports: 'tcp/443 tcp/22',
    }),
  ),
  bitbucket: service(
    'Bitbucket Cloud',
    fact(
      'https://support.atlassian.com/bitbucket-cloud/docs/what-are-the-bitbucket-cloud-ip-addresses-i-should-use-to-configure-my-corporate-firewall/',
      {
        domains: 'bitbucket.org *.bitbucket.org altssh.bitbucket.org',
        prefixes: '104.192.136.0/21 185.166.140.0/22',
        ports: 'tcp/443 tcp/22',
      },
    ),
  ),
  'docker-hub': web(
    'Docker Hub',
    `docker.com *.docker.com docker.io *.docker.io
      docker-images-prod.6aa30f8b08e16409b46e0173d6de2f56.r2.cloudflarestorage.com`,
    'https://docs.docker.com/desktop/setup/allow-list/',
  ),
  quay: web('Quay.io', 'quay.io *.quay.io', 'https://access.redhat.com/articles/7084334'),
  npm: web('npm', 'registry.npmjs.org .npmjs.org .npmjs.com', 'https://docs.npmjs.com'),
  yarn: web('Yarn', 'registry.yarnpkg.com .yarnpkg.com', 'https://yarnpkg.com'),
  pypi: web('PyPI', '.pypi.org .pythonhosted.org', 'https://docs.pypi.org'),
  rubygems: web('RubyGems', '.rubygems.org', 'https://guides.rubygems.org'),
  'crates-io': web('crates.io', '.crates.io', 'https://doc.rust-lang.org/cargo/'),
  rustup: web(
    'Rust toolchains',
    'static.rust-lang.org sh.rustup.rs win.rustup.rs',
    'https://rust-lang.github.io/rustup/',
  ),
  'go-modules': web(
    'Go modules',
    'proxy.golang.org sum.golang.org index.golang.org go.dev dl.google.com',
    'https://proxy.golang.org',
  ),
  'maven-central': web(
    'Maven Central',
    'repo1.maven.org repo.maven.apache.org central.sonatype.com',
    'https://central.sonatype.org',
  ),
  nuget: web('NuGet', 'api.nuget.org .nuget.org', 'https://learn.microsoft.com/nuget/nuget-org/overview-nuget-org'),
  packagist: web('Packagist', 'packagist.org repo.packagist.org', 'https://packagist.org/apidoc'),
  homebrew: web('Homebrew', 'formulae.brew.sh .brew.sh', 'https://docs.brew.sh'),
  nodejs: web('Node.js downloads', 'nodejs.org *.nodejs.org', 'https://nodejs.org/en/download'),
  debian: service(
    'Debian',
    fact('https://www.debian.org/mirror/list', { domains: '.debian.org', ports: 'tcp/80 tcp/443' }),
  ),
  ubuntu: service(
    'Ubuntu',
    fact('https://ubuntu.com/server/docs', {
      domains: '.ubuntu.com .canonical.com .snapcraft.io',
      ports: 'tcp/80 tcp/443',
    }),
  ),
  fedora: service(
    'Fedora',
    fact('https://docs.fedoraproject.org', { domains: '.fedoraproject.org', ports: 'tcp/80 tcp/443' }),
  ),
  'red-hat': web(
    'Red Hat',
    '.redhat.com .registry.redhat.io registry.redhat.io .openshift.com',
    'https://access.redhat.com/solutions/65300',
  ),
  alpine: service(
    'Alpine Linux',
    fact('https://wiki.alpinelinux.org/wiki/Repositories', { domains: '.alpinelinux.org', ports: 'tcp/80 tcp/443' }),
  ),
  archlinux: web('Arch Linux', '.archlinux.org', 'https://wiki.archlinux.org/title/Mirrors'),
  circleci: web('CircleCI', '.circleci.com circle-artifacts.com', 'https://circleci.com/docs/ip-ranges/'),
  jfrog: web('JFrog', '.jfrog.io .jfrog.com', 'https://jfrog.com/help/r/what-are-artifactory-cloud-nated-ips'),
  hashicorp: web(
    'HashiCorp',
    '.hashicorp.com app.terraform.io registry.terraform.io releases.hashicorp.com',
    'https://developer.hashicorp.com/terraform/cloud-docs/api-docs/ip-ranges',
  ),
  sonarcloud: web('SonarQube Cloud', '.sonarcloud.io', 'https://docs.sonarsource.com/sonarqube-cloud/'),
  snyk: web('Snyk', '.snyk.io', 'https://docs.snyk.io/getting-started/how-snyk-works-with-your-code'),
  jetbrains: web(
    'JetBrains',
    '.jetbrains.com .jetbrains.space',
    'https://www.jetbrains.com/help/idea/firewall-exceptions.html',
  ),
  'stack-overflow': web(
    'Stack Overflow',
    '.stackoverflow.com .stackexchange.com .sstatic.net',
    'https://stackoverflow.com',
  ),
  vercel: web('Vercel', 'vercel.com *.vercel.com', 'https://vercel.com/docs'),
  netlify: web('Netlify', 'netlify.com *.netlify.com', 'https://docs.netlify.com'),
  'hugging-face': web('Hugging Face', 'huggingface.co *.huggingface.co .hf.co', 'https://huggingface.co/docs/hub'),
}
