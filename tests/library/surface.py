"""Expressions over NumPy's surface, one a line, in the names that `test_surface` gives values to.

Several statements are separated by semicolons.
"""

SURFACE = """
# elementwise functions, ufuncs, reductions
np.sin(a)
np.hypot(a,b)
np.arctan2(a,b)
np.logaddexp(a,b)
np.logaddexp2(a,b)
np.float_power(a,b)
np.power(a,2)
np.power(a,b)
np.fmod(a,b)
np.remainder(a,b)
np.mod(a,b)
a%b
a//b
np.divmod(a,b)
divmod(x,y)
np.floor_divide(a,b)
np.true_divide(a,b)
np.reciprocal(a)
np.cbrt(a)
np.square(a)
np.exp2(a)
np.expm1(a)
np.log1p(a)
np.log2(a)
np.log10(a)
np.sinc(a)
np.deg2rad(a)
np.rad2deg(a)
np.degrees(a)
np.radians(a)
np.heaviside(n,0.5)
np.copysign(a,n)
np.nextafter(a,b)
np.ldexp(a,k)
np.modf(a)
np.fmax(a,b)
np.fmin(a,b)
np.maximum(a,b)
np.minimum(a,0.5)
np.abs(n)
np.absolute(n)
np.fabs(n)
np.sign(n)
np.signbit(n)*a
np.floor(n)+a
np.ceil(n)+a
np.trunc(n)+a
np.rint(n)+a
np.round(n,1)+a
np.around(n)+a
np.fix(n)+a
n.round(1)+a
np.positive(a)
np.negative(a)
np.isnan(a)*a
np.isinf(a)*a
np.isfinite(a)*a
np.isneginf(a)*a
np.isposinf(a)*a
np.logical_and(a>0.5,b>0.5)*a
np.logical_or(a>0.5,b>0.5)*a
np.logical_xor(a>0.5,b>0.5)*a
np.logical_not(a>0.5)*a
np.bitwise_and(j,3)*a
np.bitwise_or(j,3)*a
np.bitwise_xor(j,3)*a
np.invert(j)*a
np.left_shift(j,1)*a
np.right_shift(j,1)*a
np.gcd(j,4)*a
np.lcm(j,4)*a
np.where(n>0,a,b)
v[np.where(m)]
np.clip(n,-0.5,0.5)
np.clip(n,None,0.5)
np.clip(n,a_min=-0.5,a_max=None)
n.clip(-0.5,0.5)
n.clip(min=0)
np.clip(n,min=-0.5,max=0.5)
np.nan_to_num(n)
np.nan_to_num(n,nan=1.0,posinf=2.0)
np.add(a,b,out=np.empty((3,4)))
c = np.empty((3,4)); np.multiply(a,b,out=c); return c*a
c = np.zeros((3,4)); np.exp(a,out=c,where=n>0); return c
np.exp(a,dtype=np.float64)
np.add(f,f,dtype=np.float64)
np.add(a,b,where=n>0,out=np.zeros((3,4)))
np.add.reduce(a)
np.add.reduce(a,axis=1)
np.add.reduce(a,axis=None)
np.multiply.reduce(a,axis=1)
np.maximum.reduce(n,axis=0)
np.minimum.reduce(n,axis=1)
np.add.accumulate(v)
np.multiply.accumulate(v)
np.maximum.accumulate(v)
np.add.outer(v,w)
np.multiply.outer(v,w)
np.subtract.outer(v,w)
c = np.zeros(5); np.add.at(c,i,v[:4]); return c
c = v.copy(); np.multiply.at(c,i,w[:4]); return c
c = v.copy(); np.subtract.at(c,i,w[:4]); return c
c = v.copy(); np.maximum.at(c,i,w[:4]); return c
np.sum(a)
np.sum(a,axis=0)
np.sum(a,axis=(0,1))
np.sum(t,axis=(0,2))
np.sum(t,axis=(0,2),keepdims=True)
np.sum(t,-1,keepdims=True)
np.sum(a,where=n>0)
np.sum(a,initial=2.0)
np.sum(a,dtype=np.float64)
np.sum(f,dtype=np.float64)
np.sum(f)
a.sum()
a.sum(1)
a.sum(axis=1,keepdims=True)
c=np.empty(4); np.sum(a,axis=0,out=c); return c
c=np.empty(4); a.sum(0,out=c); return c
np.prod(a)
np.prod(a,axis=1)
np.prod(t,axis=(0,1),keepdims=True)
a.prod(0)
np.mean(a)
np.mean(a,axis=1)
np.mean(a,axis=(0,1),keepdims=True)
np.mean(a,where=n>0)
np.mean(f,dtype=np.float64)
a.mean(axis=0)
np.var(a)
np.var(a,axis=1)
np.var(a,axis=1,ddof=1)
np.var(t,axis=(1,2),keepdims=True)
np.var(a,correction=1)
np.std(a,axis=0)
a.std(ddof=1)
a.var(1)
np.min(n)
np.max(n,axis=1)
np.max(t,axis=(0,1))
np.max(n,axis=1,keepdims=True)
np.max(n,initial=3.0)
np.max(n,initial=-9.0,where=n<0)
np.amax(n,1)
np.amin(n,0)
n.max()
n.min(1)
n.max(axis=1,keepdims=True)
np.argmax(n)*a
np.argmax(n,axis=1)*1.0+a[:,0]
np.argmax(n,axis=1,keepdims=True)*a
np.argmin(n,axis=0)*a
n.argmax()*a
n.argmin(1)*a[:,0]
np.any(n>0)*a
np.any(n>0,axis=1)*a[:,0]
np.all(n>0,axis=0,keepdims=True)*a
(n>0).any()*a
(n>0).all(axis=1)*a[:,0]
np.ptp(n)
np.ptp(n,axis=1)
np.ptp(n,axis=1,keepdims=True)
np.median(n)
np.median(n,axis=1)
np.median(n,axis=0,keepdims=True)
np.median(t,axis=(0,1))
np.linalg.norm(v)
np.linalg.norm(v,1)
np.linalg.norm(v,np.inf)
np.linalg.norm(v,-np.inf)
np.linalg.norm(v,3)
np.linalg.norm(v,0)*x
np.linalg.norm(a)
np.linalg.norm(a,axis=1)
np.linalg.norm(a,axis=1,keepdims=True)
np.linalg.norm(a,ord=1,axis=0)
np.linalg.norm(a,'fro')
np.linalg.norm(a,'nuc')
np.linalg.norm(a,2)
np.linalg.norm(a,1)
np.linalg.norm(a,np.inf)
np.linalg.norm(a,-2)
np.linalg.norm(t,axis=(1,2))
np.linalg.vector_norm(a)
np.linalg.matrix_norm(a)
np.cumsum(a)
np.cumsum(a,axis=1)
np.cumsum(a,0)
a.cumsum()
a.cumsum(axis=1)
np.cumprod(a,axis=1)
a.cumprod(0)
np.cumsum(f,dtype=np.float64)
np.cumulative_sum(v)
np.diff(v)
np.diff(a)
np.diff(a,axis=0)
np.diff(v,n=2)
np.diff(v,prepend=0.0)
np.diff(a,axis=0,append=b[:1])
np.ediff1d(v)
np.gradient(v)
np.gradient(v,0.5)
np.gradient(a,axis=0)
np.gradient(a)
np.trapezoid(v)
np.trapezoid(v,w)
np.trapezoid(v,dx=0.1)
np.trapezoid(a,axis=0)
np.trapezoid(a,x=np.arange(4.0))
np.average(v)
np.average(v,weights=w)
np.average(a,axis=0)
np.average(a,axis=1,weights=b[0])
np.average(a,weights=b)
np.average(a,axis=0,weights=v[:3],keepdims=True)
np.nansum(a)
np.nansum(a,axis=1)
np.nanmean(a,axis=1,keepdims=True)
np.nanmax(n)
np.nanmin(n,axis=0)
np.nanvar(a)
np.nanstd(a,axis=1,ddof=1)
np.nanprod(a)
np.nancumsum(a)
np.nanmedian(n)
np.nanargmax(n)*a
np.percentile(n,30)
np.percentile(n,[20,30],axis=1)
np.quantile(n,0.3)
np.quantile(n,0.3,axis=0)
np.quantile(v,np.array([0.1,0.9]))
np.count_nonzero(n>0)*a
np.count_nonzero(n>0,axis=1)*a[:,0]
# indexing, shapes, making arrays
v[1:4]
v[::-1]
v[::2]
v[-2::-1]
v[:,None]*v
v[np.newaxis,:]
a[...,0]
t[0,...,1]
a[1]
a[-1,::-1]
a[i[:3]%3]
a[:,i]
a[[0,2]]
a[[0,2],[1,3]]
v[m]
v[~m]*2
a[n>0]
a[n>0].sum()
a[:,np.array([True,False,True,True])]
a[np.array([True,False,True])]
a[np.array([True,False,True]),1]
c=a.copy(); c[1:-1,1:-1]=b[1:-1,1:-1]**2; return c
c=v.copy(); c[m]=0; return c
c=v.copy(); c[m]*=2; return c
c=v.copy(); c[m]=w[m]**2; return c
c=a.copy(); c[n>0]=b[n>0]; return c
c=a.copy(); c[n>0]+=1.5*b[n>0]; return c
c=v.copy(); c[i]+=w[:4]; return c
c=v.copy(); c[i]=w[:4]; return c
c=v.copy(); c[1:]=c[:-1]; return c
c=v.copy(); c[:-1]+=c[1:]; return c
c=v.copy(); c[::2]=c[:3]*2; return c
c=a.copy(); c[[0,2]]=b[[2,0]]; return c
c=a.copy(); c[:,[0,1]]*=2; return c
c=a.copy(); c[[0,1],[1,2]]=v[:2]; return c
c=a.copy(); c[c>0.7]=0.7; return c*a
c=a.copy(); c[-1,...]=0; return c
c=np.zeros((3,4)); c[:]=v[:4]; return c
c=np.zeros((3,4)); c[...]=a; return c
c=a.copy(); c[:,1:3]=c[:,0:2]; return c
np.take(v,i)
np.take(a,i,axis=1)
np.take(a,[0,2],0)
np.take(v,[-1,7],mode='wrap')
np.take(v,[1,7],mode='clip')
v.take(i)
a.take([0,2],axis=0)
c=v.copy(); np.put(c,[0,2],w[:2]); return c
c=v.copy(); c.put([0,2],w[:2]); return c
np.take_along_axis(a,np.argsort(a,axis=1),axis=1)
np.take_along_axis(a,np.argsort(a,axis=0),0)
c=a.copy(); np.put_along_axis(c,np.argmax(c,axis=1)[:,None],0.0,axis=1); return c
np.compress(m,v)
np.compress([True,False,True],a,axis=0)
v.compress(m)
np.extract(n>0,a)
np.nonzero(n>0)[0]+x
a[np.nonzero(n>0)]
np.flatnonzero(n>0)+x
np.argwhere(n>0)+x
c=v.copy(); np.putmask(c,m,w); return c
np.choose(np.array([0,1,0,1,1]),[v,w])
np.select([v>0.7,v>0.5],[v,w],0.0)
np.select([v>0.7,v>0.5],[v*2,w])
np.piecewise(v,[v<0.5,v>=0.5],[lambda q:q**2,lambda q:q])
np.reshape(a,(4,3))
np.reshape(a,-1)
np.reshape(a,(2,-1))
a.reshape(2,6)
a.reshape((2,6))
a.reshape(-1,2,order='F')
np.reshape(a,(4,3),order='F')
np.ravel(a)
np.ravel(a,order='F')
a.ravel()
a.ravel('F')
a.flatten()
a.flatten('F')
np.squeeze(a[None])
a[None].squeeze()
np.transpose(a)
np.transpose(t,(2,0,1))
t.transpose(2,0,1)
t.transpose((1,0,2))
a.T
t.T
np.matrix_transpose(t)
np.swapaxes(t,0,2)
t.swapaxes(0,1)
np.moveaxis(t,0,-1)
np.rollaxis(t,2)
np.expand_dims(a,0)
np.expand_dims(a,(0,2))
np.broadcast_to(v,(3,5))
np.broadcast_arrays(v,w[:,None])
np.concatenate((v,w))
np.concatenate([a,b],axis=1)
np.concatenate((a,b),axis=None)
np.concat((v,w))
np.stack((v,w))
np.stack([a,b],axis=-1)
np.hstack((v,w))
np.hstack((a,b))
np.vstack((v,w))
np.vstack([a,b])
np.dstack((a,b))
np.column_stack((v,w))
np.column_stack((a,b[:,0]))
np.block([[a,b],[b,a]])
np.append(v,w)
np.append(v,1.0)
np.append(a,b,axis=0)
np.insert(v,1,x)
np.delete(v,1)
np.delete(a,0,axis=0)
np.split(v[:4],2)
np.split(v,[2,3])
np.array_split(v,2)
np.hsplit(a,2)
np.vsplit(t[0][:2],2)
np.dsplit(t,2)
np.tile(v,2)
np.tile(a,(2,2))
np.repeat(v,2)
np.repeat(a,2,axis=1)
v.repeat(2)
np.roll(v,1)
np.roll(a,1,axis=0)
np.roll(a,(1,2),axis=(0,1))
np.roll(a,-2)
np.flip(v)
np.flip(a,axis=1)
np.flip(t,(0,2))
np.fliplr(a)
np.flipud(a)
np.rot90(a)
np.rot90(a,2)
np.rot90(t,1,axes=(1,2))
np.rot90(a,-1)
np.pad(v,1)
np.pad(a,((1,0),(0,2)))
np.pad(a,1,mode='edge')
np.pad(v,(2,1),'constant',constant_values=3.0)
np.pad(v,2,'reflect')
np.pad(v,2,'symmetric')
np.pad(v,2,'wrap')
np.pad(v,(1,2),'linear_ramp',end_values=0.0)
np.pad(v,2,'mean')
np.pad(v,2,'maximum')
np.meshgrid(v,w)
np.meshgrid(v,w,indexing='ij')
np.meshgrid(v,w,v)
np.triu(a)
np.triu(a,1)
np.tril(a,-1)
np.diag(v)
np.diag(v,1)
np.diag(a)
np.diag(a,-1)
np.diagonal(a)
np.diagonal(t,axis1=1,axis2=2)
a.diagonal()
a.diagonal(1)
np.diagflat(v)
c=s.copy(); np.fill_diagonal(c,x); return c
c=s.copy(); np.fill_diagonal(c,v[:3]); return c
np.eye(3)*x
np.eye(3,4,1)*a
np.eye(3,4,k=-1)*a
np.identity(3)*x
np.linspace(x,y,5)
np.linspace(x,y,5,endpoint=False)
np.linspace(0,1,5)*x
np.arange(5)*x
np.arange(1.0,3.0,0.5)*x
np.zeros((2,3))+x
np.ones(4)*x
np.full((2,2),x)
np.zeros_like(a)+x
np.ones_like(a,dtype=np.float64)*x
np.full_like(a,x)
np.atleast_1d(x)
np.atleast_2d(v)
np.atleast_3d(v)
np.array([x,y])
np.array([[x,y],[y,x*y]])
np.array([v,w])
np.array([v[0],1,x])
np.asarray([x,2.0*y])
np.asarray(a)
np.ascontiguousarray(a.T)
np.array(a,copy=True)
np.copy(a)
a.astype(int)*x
a.copy(order='F')
a.item(3)
v.item(2)
a.size*x
a.shape[0]*x
a.ndim*x
len(a)*x
np.shape(a)[1]*x
np.size(a)*x
np.size(a,1)*x
np.ndim(a)*x
c=a.copy(); c.fill(x); return c
c=a.copy(); c.sort(axis=0); return c
c=v.copy(); c.sort(); return c
np.resize(v,7)
np.tri(3)*x
np.tril_indices(3)[0]*x
s[np.tril_indices(3)]
s[np.triu_indices(3,1)]
s[np.diag_indices(3)]
np.indices((2,3))*x
np.vander(v,3)
c=a.copy(); np.copyto(c,b,where=n>0); return c
np.array_equal(a,b)*a
np.allclose(a,b)*a
np.isclose(a,b)*a
np.asarray(x)*a
np.isscalar(x)*x
np.iscomplexobj(a)*x
np.result_type(a,b)==np.float64 and x or y
# linear algebra, other functions, complex numbers, math
a@b.T
a.dot(b.T)
np.dot(v,w)
np.matmul(t,b.T)
np.matmul(t,np.swapaxes(t,1,2))
t@b.T
v[:4]@b.T
np.vdot(a,b)
np.inner(a,b)
np.inner(v,w)
np.outer(v,w)
np.outer(a,v)
np.tensordot(t,b,axes=([1,2],[0,1]))
np.tensordot(t,t,axes=3)
np.tensordot(v,w,0)
np.kron(a,b[:2])
np.kron(v,w)
np.einsum('ij,ij->i',a,b)
np.einsum('ij,kj',a,b)
np.einsum('ii',s)
np.einsum('ii->i',s)
np.einsum('ijk->kij',t)
np.einsum('i,j->ij',v,w)
np.einsum('ij,jk,kl->il',a,b.T,s)
np.einsum('ij->',a)
np.einsum('ij,jk->ik',a,b.T,optimize=True)
np.trace(s)
np.trace(a,1)
s.trace()
np.cross(v[:3],w[:3])
np.cross(s,s[::-1])
np.linalg.cross(v[:3],w[:3])
np.linalg.solve(s,v[:3])
np.linalg.solve(s,s+np.eye(3))
np.linalg.inv(s)
np.linalg.det(s)
np.linalg.slogdet(s)
np.linalg.slogdet(s).logabsdet
np.linalg.cholesky(s@s.T)
np.linalg.cholesky(s@s.T,upper=True)
np.linalg.eigh(s+s.T)[0]
np.linalg.eigh(s+s.T).eigenvalues
np.linalg.eigvalsh(s+s.T)
np.linalg.eigvalsh(s+s.T,UPLO='U')
np.linalg.svd(s)[1]
np.linalg.svd(a,full_matrices=False)[1]
np.linalg.svd(s).S
np.linalg.svd(s,compute_uv=False)
np.linalg.svdvals(s)
np.linalg.qr(s)[1]
np.linalg.qr(s).R
np.linalg.qr(s,mode='r')
np.linalg.lstsq(a.T,v[:4],rcond=None)[0]
np.linalg.pinv(a)
np.linalg.pinv(a,rcond=1e-10)
np.linalg.matrix_power(s,3)
np.linalg.matrix_power(s,-2)
np.linalg.matrix_power(s,0)*x
np.linalg.cond(s)
np.linalg.cond(s,1)
np.linalg.matrix_rank(s)*x
np.linalg.multi_dot([a,b.T,s])
np.linalg.trace(s)
np.linalg.diagonal(s)
np.linalg.outer(v,w)
np.linalg.matmul(a,b.T)
np.linalg.vecdot(a,b)
np.vecdot(a,b)
np.matvec(a,v[:4])
np.vecmat(v[:3],a)
np.linalg.solve(np.stack([s,s+np.eye(3)]),np.stack([s,s]))
np.linalg.inv(np.stack([s,s+np.eye(3)]))
np.linalg.det(np.stack([s,s+np.eye(3)]))
np.linalg.cholesky(np.stack([s@s.T,np.eye(3)+s@s.T]))
np.linalg.eigvalsh(np.stack([s+s.T,s@s.T]))
np.interp(x,[0,1,2],[1.0,3.0,2.0])
np.interp(v,np.arange(3.0),w[:3])
np.interp(v,np.sort(w[:3]),w[2:])
np.interp(v*5,np.arange(3.0),w[:3],left=0.0,right=x)
np.convolve(v,w[:3])
np.convolve(v,w[:3],mode='same')
np.convolve(v,w[:3],'valid')
np.correlate(v,w[:3])
np.correlate(v,w[:3],'full')
np.polyval(w[:3],x)
np.polyval([1.0,2.0,x],v)
np.searchsorted(np.array([0.1,0.5,1.0]),v)*v
np.searchsorted(np.array([0.1,0.5,1.0]),x,side='right')*x
np.digitize(v,np.array([0.1,0.5,1.0]))*v
np.histogram(v,bins=3)[0]*v[:3]
np.histogram(v,bins=[0.0,0.5,1.0])[0]*x
np.histogram(v,bins=3,range=(0,1),weights=w)[0]
np.bincount(i,weights=v[:4])
np.bincount(i,minlength=5)*v
np.bincount(i)*v[:3]
np.unique(np.array([1,2,2,3]))*x
np.unique(v)
np.sort(v)
np.sort(a)
np.sort(a,axis=0)
np.sort(a,axis=None)
np.argsort(v)*v
np.argsort(a,axis=0)*a
v[np.argsort(v)]
np.argsort(-v)*v
v.argsort()*v
np.cov(a)
np.cov(v,w)
np.cov(a,rowvar=False)
np.cov(a,bias=True)
np.cov(a,ddof=0)
np.corrcoef(a)
np.corrcoef(v,w)
np.array([q*q for q in v])
np.array([x*q for q in range(3)])
sum(q*q for q in v)
sum(v)
max(v)
min(v[0],v[1],x)
np.real(z)
np.imag(z)
z.real**2
z.conj()*z
np.conj(z)*z
np.conjugate(z)*z*2
np.angle(z)
np.abs(z)
np.exp(z)
np.sqrt(z)
np.log(z)
np.sin(z)*np.tanh(z)
z**2
z**z
np.power(z,0.5)
np.prod(z)
np.cumsum(z)
np.mean(z)
np.var(z)
np.std(z)
np.sum(z)
z@z
np.vdot(z,z)
np.outer(z,z)
np.dot(z,v[:4])
np.einsum('i,i->',z,z.conj())
z.sum()
z.imag
np.array([z[0],1.0])
np.isreal(z)*z
np.where(z.real>0,z,0)
np.linalg.norm(z)
np.round(z,1)+z
np.sign(z)
np.square(z)
np.reciprocal(z)
np.max(v)*z
np.nan_to_num(z)
np.hanning(5)*v
np.hamming(5)*v
np.blackman(5)*v
np.bartlett(5)*v
np.fabs(v).dot(w)
np.clip(v,w*0.5,w)
v.clip(w*0.5,w)
np.heaviside(v-0.5,v)
math.sqrt(x)+math.exp(y)+math.hypot(x,y)+math.fsum([x,y])+math.prod([x,y])
math.comb(5,2)*x+math.factorial(3)*y+math.isclose(x,y)
math.dist([x,y],[y,x])
math.fmod(x,y)+math.atan2(x,y)+math.log(x,y)+math.degrees(x)
math.floor(y)*x+math.ceil(y)*x+math.trunc(y)*x
math.copysign(x,-y)+math.expm1(x)+math.log1p(x)+math.cbrt(x)
math.modf(y)[0]
math.ldexp(x,3)
math.remainder(y,x)
math.gamma(y)+math.lgamma(y)+math.erf(x)+math.erfc(x)
# arrays of three dimensions, rarer parameters
np.argmax(n,axis=1,keepdims=True)*a
np.argmax(n,keepdims=True)*a
np.median(n,axis=0,keepdims=True)
np.median(t,axis=(0,2),keepdims=True)
np.average(a,axis=0,weights=v[:3],keepdims=True)
np.expand_dims(a,0)
np.expand_dims(a,-1)
np.expand_dims(a,(0,2))
np.expand_dims(v,(0,-1))
np.cross(s,s[::-1])
np.cross(s,v[:3])
np.einsum('...j,...k->...jk',a,b)
np.einsum('...jk->...kj',t)
np.einsum('i...,i...',a,b)
np.linalg.solve(np.stack([s,s+np.eye(3)]),v[:3])
np.linalg.solve(np.stack([s,s+np.eye(3)]),np.stack([s,s]))
np.linalg.solve(s,np.stack([s,s*2]))
np.linalg.slogdet(s)
np.linalg.eigh(s+s.T,UPLO='U')[0]
np.split(t,3,axis=1)
np.split(t,2,axis=2)
np.array_split(t,2,axis=2)
np.array_split(a,3,axis=1)
np.take_along_axis(t,np.argsort(t,axis=2),axis=2)
np.take_along_axis(t,np.argsort(t,axis=0),axis=0)
np.take_along_axis(t,np.argsort(t,axis=1),1)
np.pad(t,1,mode='edge')
np.pad(t,((0,0),(1,1),(2,2)),mode='reflect')
np.pad(a,1,'minimum')
np.pad(v,1,'linear_ramp')
np.repeat(t,2,axis=1)
np.tile(t,(1,2,1))
np.roll(t,1,axis=2)
np.flip(t,(0,2))
np.rot90(t,3,axes=(1,2))
np.diff(t,axis=1)
np.cumsum(t,axis=1)
np.cumprod(t,axis=2)
np.sort(t,axis=1)
np.argsort(t,axis=0)*t
np.median(t,axis=1)
np.quantile(t,0.4,axis=1)
np.quantile(a,[0.2,0.4],axis=0,keepdims=False)
np.trapezoid(t,axis=1)
np.trapezoid(t,dx=0.3)
np.trapezoid(a,b)
np.gradient(t,axis=1)
np.gradient(a,0.5,axis=1)
np.average(t,axis=1,weights=t)
np.max(t,axis=1,keepdims=True)
np.argmax(t,axis=1)*1.0*t[:,0]
np.ptp(t,axis=(0,1))
np.linalg.norm(t,1,axis=(1,2))
np.linalg.norm(t,np.inf,axis=(0,1),keepdims=True)
np.linalg.norm(t,'fro',axis=(1,2))
np.linalg.norm(a,-1)
np.linalg.norm(a,-np.inf)
np.linalg.norm(a,0,axis=1)*a[:,0]
np.linalg.norm(a,3,axis=1)
np.linalg.vector_norm(a,ord=1)
np.linalg.vector_norm(a,axis=1)
np.linalg.matrix_norm(t)
np.take(t,[0,1],axis=2)
np.compress([True,False,True],t,axis=1)
np.diag(t[0],1)
np.trace(t)
np.trace(t,axis1=1,axis2=2)
np.concatenate((t,t),axis=2)
np.concatenate((t,t),axis=-2)
np.stack((t,t),axis=2)
np.hstack((t,t))
np.vstack((t,t))
np.dstack((t,t))
np.column_stack((a,b))
np.triu(t)
np.tril(t,1)
np.swapaxes(t,-1,0)
np.moveaxis(t,[0,1],[1,2])
t.reshape(3,-1)
t.reshape((4,6),order='F')
t.ravel(order='F')
np.matmul(t,t.transpose(0,2,1))
np.dot(t,b.T)
np.inner(t,a)
np.tensordot(t,a,axes=((1,),(0,)))
np.tensordot(t,t,axes=([0,1],[0,1]))
np.searchsorted(np.sort(v),w)*w
np.searchsorted(np.sort(v),w,'right')*w
np.interp(a,np.arange(3.0),w[:3])
np.digitize(v,np.array([0.1,0.5,1.0]),right=True)*v
np.bincount(i,v[:4],6)
np.clip(a,0.3,b)
np.where(n>0)[0]*x
np.unique(np.array([3,1,3]))*x
np.round(n,-1)+a
np.mean(t,axis=(0,2))
np.std(t,axis=(0,2),ddof=1,keepdims=True)
np.var(t,axis=-1)
np.prod(t,axis=(0,2))
np.all(t>0.5,axis=(0,1))*x
np.sum(a,axis=0,where=n>0,initial=1.0)
np.max(a,axis=1,initial=0.5)
np.min(a,axis=1,where=n>0,initial=9.0)
np.prod(a,axis=1,where=n>0)
np.mean(a,axis=1,where=a>0.1)
np.any(n>0,where=a>0.5)*x
np.multiply.reduce(t,axis=(0,1))
np.maximum.accumulate(n,axis=1)
np.divide.outer(v,w)
c=a.copy(); np.multiply.at(c,(np.array([0,1]),np.array([1,2])),2.0); return c
c=a.copy(); np.add.at(c,[0,0,2],v[0]); return c
c=a.copy(); np.add.at(c,(np.array([0,0]),np.array([1,1])),v[:2]); return c
c=a.copy(); np.add.at(c,np.array([0,0,2]),b); return c
c=a.copy(); np.put(c,[0,5],v[:2]); return c
c=v.copy(); np.put(c,[0,2,3],w[:2]); return c
c=v.copy(); np.putmask(c,c>0.5,w); return c
np.insert(v,-1,x)
np.delete(v,-1)
np.insert(a,1,v[:4],axis=0)
np.delete(a,1,axis=1)
np.append(a,b)
np.append(a,b,axis=1)
np.choose(i,[v[:4],w[:4],v[1:]])
np.modf(n)
np.tri(3,4,1)*a
np.eye(4,k=-1)*x
np.eye(3,4,2,dtype=np.float32)*a
np.identity(3,dtype=int)*x
np.sum(j)*x
np.mean(j)*x
np.sum(j,axis=0)*a
np.broadcast_to(x,(3,))
np.broadcast_to(v[:4],(2,3,4))
np.diagonal(t,1,0,2)
np.vander(v)
np.cov(a,b)
np.corrcoef(a,b)
np.corrcoef(a,rowvar=False)
np.arange(3)[::-1]*v[:3]
np.ones(3,dtype=int)*x
np.stack([v,w],1)@np.array([x,y])
np.array([v,w])[::-1]
np.array([[v[0],w[0]],[1,x]])
np.asarray((x,y))[None]
# ufunc.at and its kind
c=a.copy(); np.add.at(c,[0,0,2],v[:4]); return c
c=a.copy(); np.add.at(c,[0,2],b[:1]); return c
c=v.copy(); np.add.at(c,m,2.0); return c
c=v.copy(); np.add.at(c,m,w[:3]); return c
c=a.copy(); np.add.at(c,(i[:3],i[1:]),x); return c
c=v.copy(); np.add.at(c,[0,0],[x,y]); return c
c=v.copy(); np.put(c,[0,-2,3],w[:2]); return c
c=a.copy(); np.put(c,[-1,5],x); return c
np.trapezoid(a,b,axis=0)
np.corrcoef(v)
np.kron(v,w)
np.sum(n,where=False)+x
np.sum(v,where=m)
# complex arrays
np.sum(z)
np.sum(C,axis=0)
np.sum(C,axis=1,keepdims=True)
np.prod(C,axis=1)
np.mean(C,axis=0)
np.var(C,axis=1)
np.std(C)
np.cumsum(C,axis=1)
np.cumprod(C,axis=0)
np.diff(C,axis=0)
np.trapezoid(C)
np.average(C,axis=0)
np.average(C,axis=1,weights=v[:4])
np.linalg.norm(C,axis=1)
np.linalg.norm(C,1)
np.linalg.norm(C,np.inf)
np.linalg.norm(C,'nuc')
np.linalg.norm(C,2)
np.add.reduce(C)
np.multiply.outer(z,z)
np.sum(C,where=n>0)
np.sum(C,initial=1j)
np.reshape(C,(4,3),order='F')
C.ravel('F')
C.T@C
C@C.conj().T
C.conj().T@C
np.matmul(C,C.T)
C@v[:4]
a@z
v[:4]@z
np.dot(C,z)
np.vdot(C,C)
np.inner(C,C)
np.outer(z,v)
np.kron(C,a)
np.einsum('ij,kj->ik',C,C.conj())
np.tensordot(C,C,2)
np.trace(D)
np.cross(C[:,:3],a[:,:3])
np.linalg.solve(D,D+1)
np.linalg.inv(D)
np.linalg.det(D)
np.linalg.slogdet(D)
np.linalg.cholesky(D@D.conj().T+np.eye(3))
np.linalg.eigvalsh(D+D.conj().T)
np.linalg.svd(C,compute_uv=False)
np.linalg.qr(D)
np.linalg.lstsq(C.T,z,rcond=None)[0]
np.linalg.pinv(C)
np.linalg.matrix_power(D,-2)
np.linalg.cond(D)
np.linalg.inv(np.stack([D,D+1]))
np.linalg.solve(np.stack([D,D+1]),np.stack([D,D]))
np.linalg.det(np.stack([D,D+1]))
np.concatenate((C,a))
np.stack((z,v[:4]))
np.where(n>0,C,a)
np.where(n>0,C,0)
np.pad(C,1)
np.pad(C,1,mode='wrap')
np.roll(C,1,axis=1)
np.tile(z,2)
np.repeat(z,2)
np.diag(z)
np.triu(C)
np.take(z,i)
z[i]
c=z.copy(); c[i]+=z; return c
c=z.copy(); np.add.at(c,i,z); return c
c=C.copy(); c[1:]=c[:-1]*2j; return c
c=C.copy(); c.real=a; return c
c=C.copy(); c.imag*=2; return c
c=np.zeros((3,4),complex); c[:]=a; return c
c=np.zeros(4,complex); c.real[:]=v[:4]; return c
np.convolve(z,v)
np.correlate(z,z,'full')
np.polyval(z,x)
np.cov(C)
np.corrcoef(C)
np.array([x+1j*y,z[0]])
np.array([[1j*x,y],[z[0],z[1]]])
np.full(3,x+1j)
np.full_like(C,x)
np.zeros_like(z)+x
np.eye(3,dtype=complex)*x
np.abs(C)**2
np.angle(C)
np.hypot(C.real,C.imag)
np.exp(1j*v)
np.expm1(z)
np.log1p(z)
np.log2(z)
np.log10(z)
np.cosh(z)
np.arcsin(z)
np.arccos(z)
np.arctan(z)
np.arcsinh(z)
np.arccosh(z+2)
np.arctanh(z*.3)
np.sqrt(z)
np.power(z,3)
np.power(z,v[:4])
z**-1
z**0.5
2**z
x**z
z/v[:4]
v[:4]/z
abs(z[0])*z
complex(x,y)*z
z[0].real*x+z[0].imag*y
z[0].conjugate()
np.isnan(z)*x
np.isfinite(z)*z
(z==z)*x
np.nan_to_num(z)
np.around(C)+C
np.sign(z)+z
np.maximum(z.real,z.imag)
np.sort(z.real)
np.mean(z*z.conj()).real
sum(z)
np.sum([z[0],x])
z.sum().real
z.mean()
z.prod()
z.var()
z.conj().dot(z)
z.reshape(2,2).T
v.astype(complex)*1j
z.copy()[::-1]
np.real(z)*np.imag(z)
np.conjugate(z)
np.iscomplexobj(z)*x
np.max(np.abs(z))
np.interp(x,[0,1],[1.0,2.0])*z
np.linspace(0,1,4)*z
np.meshgrid(z,v)[0]
np.fmax(v,w)*1j
np.reciprocal(z)
np.square(z)
np.negative(z)
np.positive(z)
np.subtract(z,1j)
np.floor(z.real)*z
np.clip(z.real,0,1)*z
# polynomials, series, and more
np.logspace(x,y,4)
np.logspace(0,x,3,base=2.0)
np.geomspace(x,y,4)
np.polyder(w[:3])
np.polyder(w,2)
np.polyint(w[:3])
np.polyadd(v,w[:3])
np.polysub(v[:2],w)
np.polymul(v,w)
np.unwrap(v*10)
np.unwrap(np.cumsum(w*3))
np.partition(v,2)[2]
np.isin(i,[1,2])*x
np.isin(j,i)*a
np.apply_along_axis(lambda q: q.sum(),1,a)
np.apply_along_axis(lambda q: q*q[0],0,a)
np.repeat(v[:3],[1,2,0])
np.repeat(a,np.array([1,2,0]),axis=0)
np.kron(a[:,0],b)
np.kron(a,v)
a[np.ix_([0,2],[1,3])]
a[np.ix_(np.array([0,2]),i)]
np.full((3,4),v[:4])
np.full((3,),v[:3])
np.full_like(a,v[:4])
# arrays that objects make
np.mgrid[0:2,0:3]*x
np.mgrid[0:3]*v[:3]
np.mgrid[0:3:k,1:4]*x
np.mgrid[0:1:4j]*v[:4]
np.mgrid[0:1:3j,0:2:4j]*a
np.ogrid[0:3,0:4][0]*a+np.ogrid[0:3,0:4][1]
np.r_[v,w]
np.r_[v,x,0.0]
np.r_[0:4]*v[:4]
np.c_[v,w]
np.c_[a,b]
# parameters by position and by name
c=np.empty((3,3)); a.dot(b.T,out=c); return c
c=np.empty((3,3)); np.dot(a,b.T,out=c); return c
c=np.empty((3,4)); np.add(a,b,c); return c
c=np.empty((3,4)); np.exp(a,c); return c
c=np.empty((3,4)); np.clip(a,0.3,0.8,out=c); return c
c=np.empty((3,4)); a.clip(0.3,0.8,out=c); return c
c=np.empty((3,4)); np.matmul(s,a,out=c); return c
c=np.empty(3); np.einsum('ij,ij->i',a,b,out=c); return c
c=np.empty((3,4)); np.cumsum(a,axis=1,out=c); return c
c=np.empty(3); np.max(a,axis=1,out=c); return c
c=np.empty(3); a.mean(axis=1,out=c); return c
c=np.empty(3); np.mean(a,1,None,c); return c
c=np.empty((6,4)); np.concatenate((a,b),out=c); return c
c=np.empty(4); np.take(v,i,out=c); return c
c=np.empty((3,4)); np.where(n>0,a,b); np.copyto(c,a); return c
c=np.empty((3,4)); np.round(a,1,out=c); return c+a
c=np.empty((3,4)); np.abs(n,out=c); return c
c=np.empty((3,4)); np.less(a,b); np.sqrt(a,c); return c
np.sort(a,kind='stable')
np.sort(v,kind='mergesort')
np.argsort(v,kind='stable')*v
c=v.copy(); c.sort(kind='stable'); return c
max([x,y],default=0.0)
sum([x,y],1.0)
sum([x,y],start=1.0)
np.var(a,0,None,None,1)
np.std(a,1,None,None,1,True)
np.sum(a,0,None,None,True)
np.argmax(n,1,None,keepdims=True)*a
np.array(v,dtype=np.float64,copy=True)
np.zeros(3,order='F')+x
np.linspace(0,1,5,True)*x
np.trapezoid(v,None,0.5)
np.trapezoid(a,None,0.5,0)
np.diff(v,1,-1,0.5)
np.roll(v,shift=2)
np.cov(v,w,True,True)
np.histogram(v,3,(0,1))[0]*x
np.searchsorted(np.sort(v),x,'right')*x
np.interp(x=v,xp=np.arange(3.0),fp=w[:3])
np.clip(a,a_max=0.8,a_min=0.3)
np.allclose(a,a,1e-3,1e-3)*x
np.nan_to_num(a,True)
np.round(a,decimals=1)+a
np.convolve(v,w,'same')
np.reshape(a,shape=(4,3))
np.stack((v,w),axis=1,out=np.empty((5,2)))
np.linalg.norm(x=a,ord=None,axis=1)
np.tril(m=s,k=-1)
np.bincount(i,None,4)*v[:4]
round(x,1)+x
round(y)*x
abs(-x)
pow(x,2)
pow(x,y)
int(y)*x
float(x)*y
divmod(y,x)[1]
# parameters of stacks
np.linalg.cholesky(np.stack([s@s.T,np.eye(3)+s@s.T]),upper=True)
np.linalg.cholesky(s@s.T+np.triu(s,1),upper=True)
np.linalg.eigvalsh(np.stack([s,s@s]),UPLO='U')
np.linalg.det(np.stack([D,D+1]))
np.linalg.inv(np.stack([[s,s@s],[s+1,s@s.T]]))
# stacks of matrices, quantiles, sets, histograms, numbers at equal distances
np.linalg.slogdet(np.stack([s,s.T*2]))
np.linalg.eigh(np.stack([s+s.T,2*s+2*s.T]))[0]
np.linalg.eigh(np.stack([s+s.T,2*s+2*s.T]),UPLO='U').eigenvalues
np.linalg.svd(np.stack([s,s@s]))[1]
np.linalg.svd(t,full_matrices=False).S
np.linalg.svd(t,compute_uv=False)
np.linalg.svd(np.stack([s,s@s]),full_matrices=False)[0]**2
np.linalg.qr(t)
np.linalg.qr(t).R
np.linalg.qr(a)
np.linalg.qr(a,mode='r')
np.linalg.qr(a.T)
np.linalg.qr(C)
np.linalg.qr(np.stack([s,s.T]),mode='r')
np.linalg.pinv(t)
np.linalg.svdvals(t)
np.linalg.slogdet(np.stack([D,D.T*2]))
np.searchsorted(np.sort(v),a)
np.searchsorted(np.sort(v),a,side='right')
np.digitize(a,np.sort(v))
np.unique(j%3)
np.unique(a)
np.unique(i,return_counts=True)
np.unique(i,return_index=True)
np.unique(j%3,return_inverse=True)
np.unique(i,return_index=True,return_inverse=True,return_counts=True)
np.union1d(v,w)
np.intersect1d(i,j)
np.setdiff1d(j,i)
np.histogram(v,bins=3,density=True)[0]
np.histogram(a,bins=3)[0]
np.histogram(v,bins=3,weights=w)[0]
np.histogram(v,bins=3,weights=w,density=True)[0]
np.interp(x,np.sort(v),w,period=0.5)
np.interp(a,np.sort(v),w,period=2.0)
np.interp(a,np.sort(v),w)
np.interp(x,np.sort(v),w,left=0.0,right=1.0)
np.quantile(v,0.3,method='lower')
np.quantile(v,0.3,method='higher')
np.quantile(v,0.3,method='midpoint')
np.quantile(v,0.3,method='nearest')
np.quantile(v,0.3,method='hazen')
np.quantile(v,0.3,method='weibull')
np.quantile(v,0.3,method='median_unbiased')
np.quantile(v,0.3,method='normal_unbiased')
np.quantile(v,0.35,method='inverted_cdf')
np.quantile(v,0.35,method='averaged_inverted_cdf')
np.quantile(v,0.4,method='averaged_inverted_cdf')
np.quantile(v,0.35,method='closest_observation')
np.quantile(v,0.3,method='interpolated_inverted_cdf')
np.quantile(a,0.3,axis=1,method='hazen')
np.quantile(t,0.3,axis=(0,2))
np.quantile(t,0.3,axis=(0,2),keepdims=True)
np.quantile(a,[0.3,0.6],axis=1,method='hazen')
np.percentile(a,30.0,axis=0,method='midpoint')
np.percentile(a,[30.0,50.0],method='midpoint')
np.nanquantile(np.where(a>1.2,np.nan,a),0.3)
np.nanpercentile(np.where(a>1.2,np.nan,a),30)
np.median(t,axis=(0,1),keepdims=True)
np.cov(a,aweights=b[0])
np.cov(a,fweights=np.array([1,2,1,3]))
np.cov(a,fweights=np.array([1,2,1,3]),aweights=b[0])
np.cov(v,aweights=w)
np.cov(v,w,aweights=v)
np.cov(a,aweights=b[0],bias=True)
np.linspace(x,y,5,retstep=True)
np.linspace(x,y,5,endpoint=False,retstep=True)
np.linspace(v,w,4)
np.linspace(v,w,4,axis=1)
np.linspace(0.0,v,4,endpoint=False)
np.linspace(0,10,5,dtype=np.int64)*x
np.linspace(x,y+1j,5)
np.linspace(0,1,5,dtype=float)*x
np.linspace(x,y,1)
np.linspace(a,b,3)
np.linspace(start=x,stop=y,num=4)
a*(2.0 if np.issubdtype(a.dtype,np.floating) else 3.0)
a*(2.0 if np.issubdtype(np.int64,np.floating) else 3.0)
# comprehensions whose length is known at run time, and what is made of lists of arrays
np.array([[p*q for q in v] for p in w])
np.array([[np.exp(-(p-q)**2) for q in v] for p in v])
np.array([row*2 for row in a])
np.array([row/np.sum(row) for row in a])
np.array([b[i]+row for i,row in enumerate(a)])
np.array([a@row for row in b])
np.array([[[p*q*r for r in v] for q in w] for p in v])
np.array([[x,y*p] for p in v])
np.array([[p,[q]][0] for p,q in zip(v,w)])
np.array([v[:k+1] for p in w])
np.array([np.outer(r,r) for r in a])
np.array([[a[i,j]*b[i,j] for j in range(1,a.shape[1])] for i in range(a.shape[0])])
np.array([(p,q) for p,q in zip(v,w)])
np.array([np.array([p,q,p*q]) for p,q in zip(v,w)])
np.array([[p+1j*q for q in v] for p in w])
sum([row@row for row in a])
np.sum(np.array([row*row for row in a[:, 1:]]),axis=0)
np.stack([row*2 for row in a])
np.vstack([row*2 for row in a])
np.asarray([row*2 for row in a])
np.hstack([row*2 for row in a])
np.concatenate([row*2 for row in a])
np.stack([row*2 for row in a],axis=1)
np.sum([row*2 for row in a],axis=0)
np.mean([p*q for p,q in zip(v,w)])
np.prod([p+1 for p in v])
np.array(list(v))*2
np.array([np.sum(row) for row in a])
np.concatenate(t)
np.concatenate(t,axis=1)
np.concatenate(t,axis=-1)
np.concatenate(t,axis=None)
np.stack(t)
np.stack(t,axis=1)
np.stack(t,axis=-1)
np.vstack(t)
np.hstack(t)
np.vstack(a)
np.hstack(a)
np.vstack(v)
np.hstack(v)
np.concatenate(a)
np.concatenate([t,t])
np.stack([np.outer(r,r) for r in a],axis=2)
np.concatenate([np.outer(r,r) for r in a],axis=1)
np.dot([p*2 for p in v],w)
np.linalg.norm([p*2 for p in v])
np.argmax([p*q for p,q in zip(v,w)])
np.sqrt([p*2 for p in v])
np.cumsum([p*2 for p in v])
np.column_stack([v,w])
np.array([[[p,q],[q,p*q]] for p,q in zip(v,w)])
np.array([[row,row*2] for row in a])
np.array([(r[0],r[1:3].sum()) for r in a])
np.array([[r*p for r in row] for row,p in zip(a,v)])
np.array([r[k:] for r in a])
np.array([np.concatenate((r,v)) for r in a])
np.array([np.linspace(p,q,3) for p,q in zip(v,w)])
"""
