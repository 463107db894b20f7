// Preloaded, it makes a Node that has not got npm's zeromq.
const Module = require("node:module");

const load = Module._load;
Module._load = function (name, ...rest) {
  if (name !== "zeromq") return load.call(this, name, ...rest);
  const error = new Error("Cannot find module 'zeromq'");
  error.code = "MODULE_NOT_FOUND";
  throw error;
};
