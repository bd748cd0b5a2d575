#!/usr/bin/env python3
"""Makes tests/golden/tensorflow/functions: graphs with functions and unusual Savers, each with its checkpoint and an answer.

Loops and conditions in functions (While, If, one in the other), variables saved under other names, partitioned ones, and
checkpoints of V1 and V2. Needs a Python with TensorFlow 2.15. usage: make_function_goldens.py FOLDER
"""
import os, sys
os.environ.update(CUDA_VISIBLE_DEVICES='',TF_CPP_MIN_LOG_LEVEL='3',TF_ENABLE_ONEDNN_OPTS='0')
import numpy as np
import tensorflow as tf
out=sys.argv[1]; os.makedirs(out,exist_ok=True)
v1=tf.compat.v1
rng=np.random.default_rng(7)
def session_case(name, build, **saver):
    d=f'{out}/{name}'; os.makedirs(d,exist_ok=True)
    with tf.Graph().as_default(), v1.Session() as s:
        x,y,extra=build()
        sv=v1.train.Saver(**{**saver,**(extra or {})})
        s.run(v1.global_variables_initializer())
        sv.save(s,d+'/model.ckpt',write_state=False)
        xin=rng.normal(size=[3,4]).astype('f'); np.savez(d+'/io.npz',in0=xin,out0=s.run(y,{x:xin}))
def var(name,shape,res=True): return v1.get_variable(name,initializer=rng.normal(size=shape).astype('f'),use_resource=res)
def while_v2():
    v1.enable_control_flow_v2()
    x=v1.placeholder(tf.float32,[None,4],'x'); w=var('w',[4,4]); b=var('b',[4])
    i,h=tf.while_loop(lambda i,h:i<3,lambda i,h:(i+1,tf.tanh(h@w+b)*0.5),[0,x])
    return x,tf.identity(h,'out'),None
def nested():
    v1.enable_control_flow_v2()
    x=v1.placeholder(tf.float32,[None,4],'x'); w=var('w',[4,4]); b=var('b',[4])
    def body(i,h):
        h=tf.cond(tf.reduce_sum(h)>0.1*tf.cast(i,tf.float32),lambda:tf.tanh(h@w),lambda:h+b*2.0)
        _,h=tf.while_loop(lambda j,g:j<i,lambda j,g:(j+1,g*0.9+b),[0,h]); return i+1,h
    i,h=tf.while_loop(lambda i,h:i<3,body,[0,x])
    return x,tf.identity(h,'out'),None
def renamed():
    x=v1.placeholder(tf.float32,[None,4],'x'); w=var('w',[4,4],False); b=var('b',[4],False)
    return x,tf.nn.relu(x@w+b,name='out'),{'var_list':{'ema/w':w,'ema/b':b}}
def plain():
    x=v1.placeholder(tf.float32,[None,4],'x'); w=var('w',[4,4],False); b=var('b',[4],False); s=v1.get_variable('steps',initializer=np.int64(42),use_resource=False)
    return x,tf.nn.relu(x@w+b+tf.cast(s,tf.float32)*0.01,name='out'),None
def parts():
    x=v1.placeholder(tf.float32,[None,4],'x')
    with v1.variable_scope('p',partitioner=v1.fixed_size_partitioner(2,axis=1)): w=v1.get_variable('w',[4,6],initializer=v1.random_normal_initializer(),use_resource=False)
    return x,tf.identity(x@w,name='out'),None
session_case('while_v2',while_v2); session_case('nested',nested); v1.disable_control_flow_v2()
session_case('renamed',renamed); session_case('v1_format',plain,write_version=v1.train.SaverDef.V1)
session_case('v1_sharded',plain,write_version=v1.train.SaverDef.V1,sharded=True)
session_case('partitioned',parts); session_case('partitioned_v1',parts,write_version=v1.train.SaverDef.V1)
