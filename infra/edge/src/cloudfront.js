// The module `cloudfront` that the function imports: what of it the function uses.
export default {
  kvs: () => ({
    get: key => {
      const value = kvsGet(key);
      return value === null ? Promise.reject(new Error('KeyNotFound')) : Promise.resolve(value);
    },
  }),
  selectRequestOriginById: id => select(id),
};
