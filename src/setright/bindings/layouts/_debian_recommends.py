"""What packages of Debian recommend: the Packages files of Debian 11 to 13, Recommends of a package and of all that it depends on.

What is `required` or of the archive's own tools every base image has. What only documents, translates, measures, or configures
sound, desktops and logins is no loss: *-doc, *-l10n, manpages, libc-devtools, krb5-locales, publicsuffix, libgpm2,
bash-completion, xauth of ssh, libglib2.0-data, libpam-cap, linux-sysctl-defaults, alsa-*-conf, xdg-user-dirs, and what
libldap and libsasl2 recommend to those that speak LDAP, where none of these is asked for by name.
"""

ALONE = """
acl antiword apache2-utils apt-transport-https apt-utils attr autotools-dev axel bash bash-completion bc bind9-dnsutils
bind9-host binutils binutils-gold bison bsdmainutils busybox busybox-static bzip2 ca-certificates cabextract ccache
check cpio curl dbus default-libmysqlclient-dev device-tree-compiler diffutils direnv dns-root-data dnsutils dos2unix
doxygen dumb-init ed entr ethtool expect fakeroot faketime file flac fontconfig fonts-dejavu fonts-dejavu-core
fonts-freefont-ttf fonts-noto-cjk fonts-noto-color-emoji fonts-thai-tlwg fonts-unifont fonts-wqy-zenhei freetds-dev fuse
fuse3 g++ g++-multilib gawk gcc gcc-mingw-w64-i686 gcc-multilib gettext-base gfortran gifsicle gosu grep groff-base
gsfonts gzip haproxy host htop inetutils-ping inotify-tools iperf3 iproute2 iputils-ping jpegoptim jq kmod
krb5-admin-server krb5-kdc kubectl ldap-utils less lib32stdc++6 libacl1-dev libaio-dev libaio1 libaio1t64
libapparmor-dev libarchive13 libargon2-1 libargon2-dev libasound2 libasound2t64 libatlas-base-dev libatomic1
libattr1-dev libaudit-dev libblas-dev libboost-dev libboost-filesystem-dev libboost-program-options-dev
libboost-system-dev libboost-thread-dev libbpf-dev libbrotli1 libbz2-dev libc++-dev libc-ares-dev libc-ares2 libc-dev
libc6 libc6-dev libc6-i386 libcairo2 libcap-dev libcap-ng-dev libcap2 libcap2-bin libcjson-dev libcjson1 libcmocka-dev
libcppunit-dev libdb-dev libdbd-mysql libdrm2 libdw-dev libedit-dev libedit2 libegl1 libelf-dev libevent-dev libexpat1
libfaketime libfdt-dev libffi-dev libffi8 libfftw3-dev libfreetype6 libfreetype6-dev libfribidi-dev libfuse-dev libfuse2
libfuse3-dev libgbm1 libgcrypt20-dev libgdbm-dev libgeos-c1v5 libgeos-dev libgif-dev libgif7 libgles2 libgmp-dev
libgmp10 libgmp3-dev libgnutls28-dev libgomp1 libgoogle-perftools-dev libgoogle-perftools4 libgpg-error-dev libgsl-dev
libgssapi-krb5-2 libgtest-dev libhyperscan5 libicu-dev libicu72 libimagequant-dev libjemalloc-dev libjemalloc2
libjpeg-dev libjpeg62-turbo libjpeg62-turbo-dev libjson-c-dev libkrb5-3 libkrb5-dev liblapack-dev liblcms2-2
liblcms2-dev libldap-2.4-2 libldap-dev libldap2-dev libleptonica-dev liblmdb-dev libluajit-5.1-2 libluajit-5.1-dev
liblz4-1 liblz4-dev liblzma-dev liblzma5 libmagic-dev libmagic1 libmariadb-dev libmariadb3 libmaxminddb-dev
libmaxminddb0 libmbedtls-dev libmcrypt-dev libmemcached-dev libmemcached11 libmicrohttpd-dev libmnl-dev libmpfr-dev
libncurses-dev libncurses5 libncurses5-dev libncursesw5-dev libnl-3-dev libnl-genl-3-dev libnspr4 libnss3 libnss3-dev
libnss3-tools libnuma-dev libnuma1 libodbc1 libonig-dev libopenblas-dev libopenblas0 libopenexr25 libopenjp2-7
libopenjp2-7-dev libopus-dev libpam0g-dev libpcre2-8-0 libpcre2-dev libpcre3 libpcre3-dev libpixman-1-dev libpng-dev
libpng16-16 libportaudio2 libpostgresql-jdbc-java libprotobuf-c-dev libprotobuf-dev libpsl-dev libpython3.11 libqpdf-dev
libreadline-dev libsasl2-2 libsasl2-dev libsasl2-modules libsasl2-modules-gssapi-mit libseccomp-dev libselinux1-dev
libsepol-dev libsm6 libsnappy-dev libsndfile1 libsodium-dev libsodium23 libspeex-dev libspeexdsp-dev libsqlite3-0
libsqlite3-dev libssl-dev libssl3 libstdc++6 libsystemd-dev libtcl8.6 libtcmalloc-minimal4 libtiff-dev libtiff5 libtiff6
libtinfo-dev libudev-dev libudev1 libunwind-dev libunwind8 liburcu-dev libusb-1.0-0 libusb-1.0-0-dev libuv1-dev
libwebp-dev libwebp7 libwolfssl-dev libwrap0 libx11-6 libx11-dev libxcb1 libxcomposite1 libxcursor1 libxdamage1 libxext6
libxfixes3 libxi6 libxkbcommon0 libxml2 libxml2-dev libxml2-utils libxmlsec1 libxmlsec1-dev libxmlsec1-openssl
libxpm-dev libxrandr2 libxrender-dev libxrender1 libxshmfence1 libxslt1-dev libxslt1.1 libxss1 libxtst6 libyaml-dev
libz-dev libzip-dev libzstd-dev libzstd1 lld lmdb-utils locales locales-all lsof lua5.3 luajit lz4 m4 make man-db
media-types mosquitto mosquitto-clients musl nano nasm ncurses-term net-tools netcat netcat-openbsd netcat-traditional
nginx-light ninja-build ocl-icd-libopencl1 openssh-client openssl optipng p7zip-full pandoc patch pbzip2 pciutils perl-base php-intl
php-mbstring php-mysql php-xml php-zip php8.2-cli php8.2-gd php8.2-ldap php8.2-mbstring php8.2-mysql php8.2-pgsql
php8.2-sqlite3 php8.2-xml php8.2-zip pigz pngquant protobuf-c-compiler protoc-gen-go psmisc pv python3-docker
python3-requests python3-venv python3.11-venv python3.13-venv python3.9-venv qpdf re2c redis redis-server redis-tools
rsync screen sed shared-mime-info shellcheck socat sox sqlite3 strace subversion sudo swig tar tcl telnet tini tmux
traceroute tree tzdata unzip usbutils uuid-dev uwsgi wamerican wget xauth xfonts-75dpi xfonts-base xfonts-cyrillic
xmlsec1 xsltproc xxd xz-utils yasm zlib1g zlib1g-dev zstd
"""
COMPLETE = frozenset(ALONE.split())  # that recommend nothing else that anything is done with
LOSES = {  # what others do less without
    (
        "aria2 clang-format cppcheck libcurl4 libcurl4-gnutls-dev libcurl4-openssl-dev libhdf5-dev libpq-dev libpq5 libproj-dev "
        "libpython3-dev librdkafka-dev librdkafka1 libtesseract-dev lsb-release nodejs odbc-postgresql php-curl php-pgsql "
        "postgresql-client proj-bin python-is-python3 python3 python3-all-dev python3-cryptography python3-dev "
        "python3-distutils python3-ldap python3-magic python3-numpy python3-openssl python3-psycopg2 python3-setuptools "
        "python3-tk python3-wheel python3-yaml python3.11 python3.11-dev python3.11-distutils python3.13 python3.13-dev "
        "python3.9 python3.9-dev python3.9-distutils supervisor uwsgi-plugin-python3 yamllint"
    ): "ca-certificates",
    "autoconf": "automake netbase",
    "automake libdbd-mysql-perl libdbi-perl libperl-dev moreutils perl": "netbase",
    "build-essential": "fakeroot gnupg libalgorithm-merge-perl libfile-fcntllock-perl liblocale-gettext-perl netbase sq",
    "cmake": "ca-certificates gcc make psmisc",
    "dbus-x11 espeak-ng libcups2 libdbus-1-3 libespeak-ng1 libpcap0.8 libsox-dev tcpdump": "dbus",
    "flex": "gcc libfl-dev",
    "fonts-ipafont-gothic": "fonts-ipafont-mincho",
    "fonts-kacst": "fonts-kacst-one",
    "fonts-liberation": "fonts-liberation-sans-narrow",
    "gettext": "curl",
    "git git-lfs": "ca-certificates less netbase openssh-client patch",
    "gnupg gnupg2": "gpgv",
    "golang golang-go": "g++ gcc libc6-dev pkg-config pkgconf",
    "krb5-user": "krb5-config",
    "libapache2-mod-wsgi-py3 libdbd-pg-perl": "ca-certificates netbase",
    (
        "libatk1.0-0 libcairo-gobject2 libglib2.0-0 libmupdf-dev libpango-1.0-0 libpangocairo-1.0-0 libpangoft2-1.0-0 mupdf-tools"
    ): "shared-mime-info",
    "libclang-dev": "libclang-rt-14-dev libclang-rt-19-dev",
    "libgdk-pixbuf-2.0-0 libgdk-pixbuf-xlib-2.0-0 libgdk-pixbuf2.0-0": "libgdk-pixbuf2.0-bin",
    "libgl1 libgl1-mesa-dri libgl1-mesa-glx libglu1-mesa webp": "mesa-vulkan-drivers",
    "liblua5.3-dev": "libtool-bin pkg-config",
    "libtool": "libltdl-dev",
    "lmodern procps": "psmisc",
    "meson": "ca-certificates dpkg-dev",
    "nginx": "geoip-database",
    "openjdk-11-jre-headless openjdk-17-jdk-headless openjdk-17-jre-headless": "dbus shared-mime-info",
    "php-cli": "bzip2 file netbase xz-utils",
    "php-gd": "libheif-plugin-aomenc libheif-plugin-x265",
    "protobuf-compiler protobuf-compiler-grpc": "libprotobuf-dev",
    "python3-gi tesseract-ocr": "ca-certificates shared-mime-info",
    "python3-pip": "build-essential python3-dev",
    "python3-virtualenv virtualenv": "build-essential python3-dev python3-distutils",
    "ruby ruby-dev ruby-full": "ruby-sdbm zip",
    "sshpass": "openssh-client",
    "tdsodbc": "libodbc1",
    "tesseract-ocr-eng": "tesseract-ocr",
    "zip": "unzip",
}

CHECKED_OUT = "ca-certificates curl git gnupg mercurial netbase openssh-client procps sq subversion wget"
COMPILES = (
    f"{CHECKED_OUT}"
    " autoconf automake build-essential bzip2 default-libmysqlclient-dev dpkg-dev file g++ gcc imagemagick"
    " libbz2-dev libc6-dev libcurl4-openssl-dev libdb-dev libevent-dev libffi-dev libgdbm-dev libglib2.0-dev"
    " libgmp-dev libjpeg-dev libkrb5-dev liblzma-dev libmagickcore-dev libmagickwand-dev libmaxminddb-dev"
    " libncurses5-dev libncursesw5-dev libpng-dev libpq-dev libreadline-dev libsqlite3-dev libssl-dev libtool"
    " libwebp-dev libxml2-dev libxslt-dev libyaml-dev make patch unzip xz-utils zlib1g-dev"
)
WHOLE = r":(?:\d[\d.]*-?)?(?:(?<!\d)(?:bullseye|bookworm|trixie)|latest|lts|(?<=\d))"  # tags without -slim and the like
BASES = {  # what base images have already, by their names and tags: github.com/docker-library/buildpack-deps and those on it
    rf"(?:buildpack-deps|gcc|node|perl|python|ruby|rust){WHOLE}": COMPILES,
    rf"golang{WHOLE}": f"{CHECKED_OUT} g++ gcc libc6-dev make pkg-config",
    r"php:(?!.*alpine).*": "autoconf ca-certificates curl dpkg-dev file g++ gcc libc-dev make pkg-config re2c xz-utils",
    r"debian:(?:1[012]|buster|bullseye|bookworm).*|ubuntu:(?:[12]\d\.|focal|jammy|noble).*": "gpgv",
    r"python:.*slim.*": "ca-certificates netbase tzdata",
}
