"""Frameworks and libraries that are told by what is imported: Python, JavaScript and the JVM.

A row is `name | role | domain | modules`: modules as analyzers.portrait.imports writes them, each standing for all that
lies below it; one that ends in `*` stands for all that begins so. A file's framework is the first in the table of those
it imports, so that the rows run from what shapes a program to what merely helps it. Roles: web, ui, mobile, game, ml,
data, db, rpc, task, test, cli, cloud, net, sec, doc, sci, platform, lib. Names of packages are their registries' facts.
"""

from __future__ import annotations

PYTHON = """
Django | web | web | django rest_framework
Flask | web | web | flask flask_*
FastAPI | web | web | fastapi starlette
Jupyter | platform | data | jupyter_client jupyter_core jupyter_server nbformat nbconvert notebook ipykernel traitlets
Tornado | web | web | tornado
aiohttp | web | web | aiohttp
Twisted | net | network | twisted
Pyramid | web | web | pyramid
Bottle | web | web | bottle
Sanic | web | web | sanic
Odoo | web | business | odoo openerp
Werkzeug | web | web | werkzeug
Ansible | platform | devops | ansible ansible_collections
Airflow | task | data | airflow
Celery | task | web | celery
Scrapy | net | web | scrapy
PySpark | data | data | pyspark
Dask | data | data | dask
Ray | task | ml | ray
PyTorch | ml | ml | torch torchvision torchaudio torchtext pytorch_lightning lightning
TensorFlow | ml | ml | tensorflow tensorflow_datasets tensorflow_probability
JAX | ml | ml | jax flax optax haiku
Keras | ml | ml | keras
Transformers | ml | ml | transformers peft trl diffusers accelerate
Tokenizers | ml | ml | tokenizers
LangChain | ml | ml | langchain langchain_core langchain_community
spaCy | ml | ml | spacy
NLTK | ml | ml | nltk
XGBoost | ml | ml | xgboost lightgbm catboost
scikit-learn | ml | ml | sklearn
OpenCV | ml | media | cv2
Qt | ui | desktop | PyQt4 PyQt5 PyQt6 PySide2 PySide6
GTK | ui | desktop | gi gtk
Tkinter | ui | desktop | tkinter Tkinter
Kivy | ui | desktop | kivy
wxWidgets | ui | desktop | wx
Pygame | game | games | pygame
Blender | game | graphics | bpy mathutils
Streamlit | web | data | streamlit gradio dash
Plotly | sci | data | plotly _plotly_utils
SymPy | sci | science | sympy
NetworkX | sci | science | networkx
statsmodels | sci | science | statsmodels
Astropy | sci | science | astropy
Biopython | sci | science | Bio
Qiskit | sci | science | qiskit
pandas | data | data | pandas geopandas
Polars | data | data | polars
PyArrow | data | data | pyarrow
Matplotlib | sci | data | matplotlib mpl_toolkits pylab seaborn
Numba | sci | science | numba
SciPy | sci | science | scipy
SQLAlchemy | db | database | sqlalchemy alembic
DuckDB | db | database | duckdb _duckdb
MongoDB | db | database | pymongo motor mongoengine
Redis | db | database | redis
PostgreSQL | db | database | psycopg psycopg2 asyncpg
Peewee | db | database | peewee
Moto | test | cloud | moto
AWS SDK | cloud | cloud | boto3 botocore boto aiobotocore
Google Cloud | cloud | cloud | google/cloud googleapiclient
Azure SDK | cloud | cloud | azure
Kubernetes | cloud | devops | kubernetes
Pydantic | data | general | pydantic pydantic_core pydantic_settings
gRPC | rpc | network | grpc
Protocol Buffers | rpc | network | google/protobuf
IPython | platform | data | IPython
Typer | cli | cli | typer
Click | cli | cli | click
Rich | cli | cli | rich textual
prompt_toolkit | cli | cli | prompt_toolkit
Paramiko | net | network | paramiko
Cryptography | sec | security | cryptography Crypto nacl OpenSSL
Requests | net | network | requests
HTTPX | net | network | httpx
Beautiful Soup | net | web | bs4
lxml | data | data | lxml
Jinja | web | web | jinja2
MicroPython | platform | embedded | machine micropython
Sphinx | doc | docs | sphinx docutils
setuptools | platform | build | setuptools distutils pkg_resources
NumPy | sci | science | numpy
Pillow | sci | media | PIL
PyYAML | data | general | yaml
pytest | test | testing | pytest _pytest
unittest | test | testing | unittest mock
Hypothesis | test | testing | hypothesis
"""

JAVASCRIPT = """
Next.js | web | web | next
Nuxt | web | web | nuxt @nuxt
Remix | web | web | @remix-run
Gatsby | web | web | gatsby
React Native | mobile | mobile | react-native @react-native @react-native-community @react-navigation
Expo | mobile | mobile | expo expo-*
Ionic | mobile | mobile | @ionic @capacitor
Angular | ui | web | @angular angular
Vue | ui | web | vue vuex vue-router pinia @vue
React | ui | web | react react-dom react-router react-router-dom preact
Svelte | ui | web | svelte @sveltejs
SolidJS | ui | web | solid-js
Lit | ui | web | lit lit-element lit-html
Ember | ui | web | ember @ember ember-data
NestJS | web | web | @nestjs
Express | web | web | express
Koa | web | web | koa koa-*
Fastify | web | web | fastify @fastify
Hapi | web | web | @hapi hapi
Meteor | web | web | meteor
Electron | ui | desktop | electron
Babylon.js | game | games | @babylonjs babylonjs
Phaser | game | games | phaser
Three.js | game | graphics | three @react-three
PixiJS | game | games | pixi.js @pixi
TensorFlow.js | ml | ml | @tensorflow
D3 | data | data | d3 d3-*
Material UI | ui | web | @mui @material-ui
Ant Design | ui | web | antd @ant-design
Bootstrap | ui | web | bootstrap
Redux | ui | web | redux react-redux @reduxjs redux-saga
jQuery | ui | web | jquery
Apollo | rpc | web | apollo-server apollo-client @apollo graphql graphql-tag
Prisma | db | database | @prisma
TypeORM | db | database | typeorm
Mongoose | db | database | mongoose mongodb
Sequelize | db | database | sequelize
Socket.IO | net | network | socket.io socket.io-client ws
ethers | lib | blockchain | ethers web3 hardhat viem
CodeMirror | ui | web | codemirror @codemirror
VS Code | platform | tools | vscode
AWS SDK | cloud | cloud | aws-sdk @aws-sdk aws-cdk-lib
Firebase | cloud | cloud | firebase firebase-admin
RxJS | lib | web | rxjs
Effect | lib | general | effect @effect
Zod | data | general | zod
Axios | net | network | axios node-fetch
Lodash | lib | general | lodash underscore lodash-es
styled-components | ui | web | styled-components @emotion
webpack | platform | build | webpack webpack-*
Vite | platform | build | vite rollup esbuild
Babel | platform | compilers | @babel babel-core
ESLint | platform | build | eslint
Commander | cli | cli | commander yargs chalk inquirer
Testing Library | test | testing | @testing-library enzyme
Jest | test | testing | jest @jest/globals
Mocha | test | testing | mocha chai sinon
Vitest | test | testing | vitest
Cypress | test | testing | cypress @playwright playwright puppeteer
"""

JVM = """
Spring | web | web | org/springframework
Quarkus | web | web | io/quarkus
Micronaut | web | web | io/micronaut
Play | web | web | play
Ktor | web | web | io/ktor
Vert.x | web | web | io/vertx
Grails | web | web | grails
Struts | web | web | org/apache/struts org/apache/struts2
React Native | mobile | mobile | com/facebook/react com/facebook/fbreact
Jetpack Compose | mobile | mobile | androidx/compose
Android | mobile | mobile | android androidx com/google/android
Bukkit | game | games | org/bukkit net/minecraft net/minecraftforge net/fabricmc
libGDX | game | games | com/badlogic
Spark | data | data | org/apache/spark
Flink | data | data | org/apache/flink
Hadoop | data | data | org/apache/hadoop
Kafka | data | data | org/apache/kafka
Akka | lib | network | akka org/apache/pekko
Cats | lib | general | cats zio scalaz
Deeplearning4j | ml | ml | org/deeplearning4j org/nd4j weka
Jakarta EE | web | web | javax/servlet jakarta javax/ws javax/ejb javax/enterprise
Hibernate | db | database | org/hibernate javax/persistence jakarta/persistence
MyBatis | db | database | org/apache/ibatis com/baomidou
jOOQ | db | database | org/jooq
JDBC | db | database | java/sql javax/sql
JavaFX | ui | desktop | javafx
Swing | ui | desktop | javax/swing
AWT | ui | desktop | java/awt
SWT | ui | desktop | org/eclipse/swt
Netty | net | network | io/netty
gRPC | rpc | network | io/grpc
RxJava | lib | general | io/reactivex rx
Lucene | data | data | org/apache/lucene org/elasticsearch
AWS SDK | cloud | cloud | com/amazonaws software/amazon/awssdk
Gradle | platform | build | org/gradle
Guice | lib | general | com/google/inject dagger
Guava | lib | general | com/google/common
Jackson | data | general | com/fasterxml com/google/gson
Lombok | lib | general | lombok
Apache Commons | lib | general | org/apache/commons
JUnit | test | testing | org/junit junit
TestNG | test | testing | org/testng
Mockito | test | testing | org/mockito org/assertj org/hamcrest
ScalaTest | test | testing | org/scalatest org/specs2 io/kotest
"""
